# make install: every path can be set, for packages. DESTDIR is put before all of them.
INSTALL     ?= install
INCLUDEDIR  ?= $(PREFIX)/include
MANDIR      ?= $(PREFIX)/share/man
DOCDIR      ?= $(PREFIX)/share/doc/lrhost
UNITDIR     ?= $(PREFIX)/lib/systemd/system
# Where each shell looks for completions that it has not brought itself.
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d

$(BUILD)/%.pc: sdk/%.pc.in $(PATHS)
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@PLUGINDIR@|$(PLUGINDIR)|' \
	    -e 's|@VERSION@|$(VERSION)|' -e 's|@ABI@|$(ABI)|' $< >$@

.PHONY: install install-program install-devel install-doc
install: install-program install-devel install-doc

install-program: all
	$(INSTALL) -D -m 755 $(BUILD)/lrhost $(DESTDIR)$(PREFIX)/bin/lrhost
	$(INSTALL) -d $(DESTDIR)$(PLUGINDIR)
	$(INSTALL) -m 755 $(PLUGINS:%=$(BUILD)/plugins/%.so) $(DESTDIR)$(PLUGINDIR)
	$(INSTALL) -D -m 644 packaging/completions/lrhost.bash $(DESTDIR)$(BASHCOMPDIR)/lrhost
	$(INSTALL) -D -m 644 packaging/completions/_lrhost $(DESTDIR)$(ZSHCOMPDIR)/_lrhost
	$(INSTALL) -D -m 644 packaging/completions/lrhost.fish $(DESTDIR)$(FISHCOMPDIR)/lrhost.fish
	$(INSTALL) -d $(DESTDIR)$(UNITDIR)
	sed 's|/usr/bin/lrhost|$(PREFIX)/bin/lrhost|' packaging/systemd/lrhost@.service \
	    >$(DESTDIR)$(UNITDIR)/lrhost@.service
	chmod 644 $(DESTDIR)$(UNITDIR)/lrhost@.service

# Headers, pkg-config, the fake host, and what `lrhost new` and the guide show.
install-devel: all $(BUILD)/lrhost.pc $(BUILD)/lrhost-testing.pc
	$(INSTALL) -d $(DESTDIR)$(INCLUDEDIR)/lrhost $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(DATADIR)/examples
	$(INSTALL) -m 644 sdk/include/lrhost/*.h $(DESTDIR)$(INCLUDEDIR)/lrhost
	$(INSTALL) -m 644 $(TESTING_LIB) $(DESTDIR)$(LIBDIR)
	$(INSTALL) -m 644 $(BUILD)/lrhost.pc $(BUILD)/lrhost-testing.pc $(DESTDIR)$(LIBDIR)/pkgconfig
	$(INSTALL) -m 644 sdk/module.map $(DESTDIR)$(DATADIR)/module.map
	cd sdk/template && find . -type f -exec $(INSTALL) -D -m 644 {} $(DESTDIR)$(DATADIR)/template/{} \;
	$(INSTALL) -m 644 sdk/examples/Makefile sdk/examples/README.md sdk/examples/*.ini sdk/examples/*.[ch] \
	    sdk/examples/*.cpp sdk/examples/*.rs $(DESTDIR)$(DATADIR)/examples

install-doc:
	for page in docs/man/*.[1-8]; do \
	    $(INSTALL) -D -m 644 "$$page" "$(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}" || exit; \
	done
	$(INSTALL) -d $(DESTDIR)$(DOCDIR)/examples
	$(INSTALL) -m 644 configs/records.* $(DESTDIR)$(DOCDIR)/examples
	for file in configs/*.ini; do \
	    sed -f packaging/examples.sed -e '/^#/s|configs/|$(DOCDIR)/examples/|g; /^#/s|docs/|$(DOCDIR)/|g' "$$file" \
	        >"$(DESTDIR)$(DOCDIR)/examples/$${file##*/}" || exit; \
	done
	# All in one folder, so links between them change, and those to what is elsewhere are mere words.
	for file in README.md CHANGELOG.md $(wildcard SECURITY.md) $(filter-out %.head.md,$(wildcard docs/*.md)); do \
	    sed -e 's|](docs/|](|g' -e 's|](\.\./|](|g' -e 's,\[\([^]]*\)\](\([a-z]*/[^)]*\|LICENSE\)),\1,g' \
	        "$$file" >"$(DESTDIR)$(DOCDIR)/$${file##*/}" || exit; \
	done
	chmod 644 $(DESTDIR)$(DOCDIR)/*.md $(DESTDIR)$(DOCDIR)/examples/*
