# Packages. A tarball of the sources, and .deb and .rpm from it alone; packaging/README.md.
.PHONY: dist deb rpm packages-check
dist deb rpm:
	@packaging/package.sh $@ $(VERSION)

packages-check:
	@packaging/deps.sh check
	+@$(MAKE) -s --no-print-directory $(PARALLEL) all
	@JOBS=1 LONG=1 TEST_TIMEOUT=3600 tests/run $(PACKAGE_TESTS)
