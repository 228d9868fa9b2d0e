# The zoo: plugins that are wrong in one way each, made from the right ones by -DWRONG_...=1.
ZOO_NAMES := $(shell awk '$$1 !~ /^\#/ && NF { print $$1 "-" $$2 }' tests/zoo/zoo.txt)
ZOO := $(ZOO_NAMES:%=$(BUILD)/tests/zoo/%.so)

define zoo_rule
$(BUILD)/tests/zoo/$(1).so: tests/zoo/$(firstword $(subst -, ,$(1))).c tests/zoo/life.h tests/zoo/store.h tests/zoo/zoo.txt sdk/module.map $(FLAGS)
	@mkdir -p $$(@D)
	$$(CC) $$(filter-out -MMD -MP,$$(ALL_CFLAGS)) -Wno-unused -Wno-unused-parameter -fPIC -shared -DZOO_NAME='"$(1)"' \
	    -DWRONG_$(subst $(firstword $(subst -, ,$(1)))-,,$(1))=1 $$(LDFLAGS) $$< -o $$@ \
	    $$(if $$(findstring -export,$(1)),,-Wl,--version-script=sdk/module.map) -lm
endef
$(foreach z,$(ZOO_NAMES),$(eval $(call zoo_rule,$(z))))

.PHONY: zoo
zoo: $(ZOO)
TESTS += tests/zoo/command.sh tests/zoo/rules.sh tests/zoo/zoo.sh tests/zoo/shipped.sh
# A sanitizer would answer for the kit.
ifndef SANITIZE
TESTS_BUILD += zoo
endif
