# lrhost: score a Kafka topic with a linear regression
#
#   make               build the host and all plugins into build/
#   make demo          install what is missing, build, and run both engines side by side
#   make check         install what is missing and run every test, a real Kafka broker included
#   make test          the tests that need no network, no root and no JVM; two or three minutes
#   make deps          install what a build needs (DEPS=no: only say what is missing)
#   make lint          warnings as errors with gcc and clang, clang-tidy, cppcheck, the format
#   make sanitize      unit tests, simulation and file jobs under ASan+UBSan
#   make tsan          unit tests and an embedded Kafka job under TSan
#   make sim           the deterministic simulation, a million histories
#   make torture       a minute of kills and a broker restart on a real Kafka, with a control
#   make chaos         every attack in its full form; 40 minutes; writes build/chaos/report.md
#   make security      SECURITY.md on real brokers: TLS, logins, each right, secrets; 2 minutes
#   make abi           the plugin ABI is kept; make mutate: 10,000 spoilt modules; 2 minutes
#   make fuzz          every fuzz target for FUZZ_SECONDS (30)
#   make bench         in-process throughput against a fused loop
#   make micro         reading, predicting and printing numbers against strtod and printf
#   make bench-kafka   CPU per record through a real Kafka, against a hand-fused relay; ROUNDS=5
#   make bench-peers   the same with Flink, Spark and Kafka Streams; fetches 500 MB; ROUNDS=5
#   make bench-latency latency through a real Kafka under load, ROUNDS=5 SECONDS=15; 50 minutes
#   make bench-scaling lanes and processes through a real Kafka: CPU per record; ROUNDS=5
#   make spark-bridge  plugins inside Spark by rdd.pipe; fetches PySpark, 500 MB, from PyPI
#   make docs          write docs/configuration.md and manual pages from the option tables
#   make install       DESTDIR= PREFIX=/usr/local LIBDIR=
#   make dist          build/dist/lrhost-VERSION.tar.gz; make deb, make rpm: packages from it
#   make packages-check  all that is promised of them, in clean root folders (root, network)
#   make image         the container image lrhost:VERSION; ENGINE=docker or podman
#   make container-check  that image and its files, by podman (root, network); 7 minutes
#   make fresh-check   the first two commands of a new user, in a fresh Debian (root, network)
#   make sbom          build/release: sources, packages that are built, SBOM (SPDX), SHA256SUMS
#   make release-check  all that a release must pass (packaging/release-check.sh); an hour
#   make clean         remove build/
#
# Variables: CC CFLAGS CPPFLAGS LDFLAGS BUILD WERROR=1 SANITIZE=address,undefined
#            PLUGINS="text ..." DEPS=no

VERSION := 0.1.0
# Of this version, as manual pages write it.
DATE    := November 29, 2026
ABI     := 1
BUILD   ?= build
PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
PLUGINDIR ?= $(LIBDIR)/lrhost
DATADIR ?= $(PREFIX)/share/lrhost
CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wvla
PKG_CONFIG ?= pkg-config

# -Werror is for our own checks: a newer compiler's new warning must not stop a user's build.
ifdef WERROR
WARN += -Werror
endif

# What distributions harden their programs with; tests/packages/hardening.sh looks at the result.
# It stands before CFLAGS and LDFLAGS, whose word is the last. Fortified functions need an optimizer.
# SHSTK is said aloud because the start files of some C libraries say nothing; IBT would not be true
# of those files.
ifdef SANITIZE
override CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
override LDFLAGS += -fsanitize=$(SANITIZE)
else
MACHINE := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
HARDEN_x86_64       := -fcf-protection
HARDEN_LINK_x86_64  := -Wl,-z,shstk
HARDEN_aarch64      := -mbranch-protection=standard
FORTIFY     = $(if $(filter-out -O0,$(filter -O%,$(CFLAGS))),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
HARDEN      = -fstack-protector-strong $(HARDEN_$(MACHINE)) $(FORTIFY)
HARDEN_LINK = -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack $(HARDEN_LINK_$(MACHINE))
endif

# -ffp-contract=off: predictions are bit-equal on every machine (no fused multiply-add).
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Isdk/include -I. -DLRHOST_VERSION='"$(VERSION)"' \
             $(WARN) -ffp-contract=off -fno-math-errno -fvisibility=hidden -MMD -MP -pthread \
             $(HARDEN) $(CPPFLAGS) $(CFLAGS)

all: host plugins testing $(BUILD)/template
.PHONY: all host plugins testing help clean FORCE
.DEFAULT_GOAL := all

help: ## this text
	@sed -n '/^#/!q;s/^# \{0,1\}//p' Makefile

# Each is rewritten only when it differs, so that objects never mix two sets of flags (WERROR=1,
# SANITIZE=...) or of paths (`make install PREFIX=/usr` after a plain `make`).
FLAGS := $(BUILD)/flags
PATHS := $(BUILD)/paths
$(FLAGS): LINE = $(CC) $(ALL_CFLAGS) $(HARDEN_LINK) $(LDFLAGS)
$(PATHS): LINE = $(PATH_CFLAGS) $(PREFIX) $(LIBDIR)
$(FLAGS) $(PATHS): FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(LINE))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(LINE))' >$@

# ---- the fake host (lrhost/testing.h), with what it needs of the host ----------------------
TESTING_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard sdk/testing/*.c))
TESTING_LIB := $(BUILD)/liblrhost-testing.a
TESTING_HOST := adopt arena judge option_value options options_judge problems suggest values

testing: $(TESTING_LIB)
$(BUILD)/sdk/testing/%.o: sdk/testing/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fPIE -c $< -o $@
$(TESTING_LIB): $(TESTING_OBJ) $(TESTING_HOST:%=$(BUILD)/host/%.o)
	rm -f $@
	$(AR) rcs $@ $^

# ---- host: every host/*.c; main.c apart, so that tests link the rest ----------------------
# host/verify/ is `lrhost verify`, which stands on the fake host.
HOST_SRC := $(filter-out host/main.c,$(wildcard host/*.c))
HOST_OBJ := $(HOST_SRC:%.c=$(BUILD)/%.o)
VERIFY_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard host/verify/*.c))
HOST_LIBS = -linih -ldl -lm

host: $(BUILD)/lrhost
$(BUILD)/host/%.o: host/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(PATH_CFLAGS) -fPIE -c $< -o $@
# Only these know where things are, and only they are built again when that changes.
HOST_PATHS := $(patsubst %,$(BUILD)/host/%.o,describe_man main new search)
$(HOST_PATHS) $(PATHS): PATH_CFLAGS = -DLRHOST_DATE='"$(DATE)"' \
    -DLRHOST_PLUGINDIR='"$(PLUGINDIR)"' -DLRHOST_TEMPLATEDIR='"$(DATADIR)/template"'
$(HOST_PATHS): $(PATHS)
$(BUILD)/lrhost: $(HOST_OBJ) $(VERIFY_OBJ) $(TESTING_OBJ) $(BUILD)/host/main.o
	$(CC) $(HARDEN_LINK) $(LDFLAGS) -pie -pthread $^ -o $@ $(HOST_LIBS)

# `lrhost new` of a build folder copies the templates of the source.
$(BUILD)/template:
	@mkdir -p $(@D)
	ln -sfn '$(CURDIR)/sdk/template' $@

# ---- plugins: each folder of plugins/ but common is one module ----------------------------
# plugins/NAME/plugin.mk may set USES_NAME (files of plugins/common without .c), CFLAGS_NAME, LIBS_NAME.
# A *.cpp wraps a C++ library behind a C interface; the same compiler as for C builds and links it,
# which lacks what clang's checks of C++ objects (vptr) need.
as_cxx = -x c++ -std=c++17 $(filter-out -std=c11 -Wstrict-prototypes,$(1)) \
         $(if $(findstring undefined,$(1)),-fno-sanitize=vptr)
PLUGINS ?= $(filter-out common,$(notdir $(patsubst %/,%,$(wildcard plugins/*/))))
-include $(PLUGINS:%=plugins/%/plugin.mk)

plugins: $(PLUGINS:%=$(BUILD)/plugins/%.so)
$(BUILD)/plugins/common/%.o: plugins/common/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fPIC -c $< -o $@

define plugin_rules
$(BUILD)/plugins/$(1)/%.o: plugins/$(1)/%.c $(FLAGS)
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) $$(CFLAGS_$(1)) -fPIC -c $$< -o $$@
$(BUILD)/plugins/$(1)/%.o: plugins/$(1)/%.cpp $(FLAGS)
	@mkdir -p $$(@D)
	$$(CC) $$(call as_cxx,$$(ALL_CFLAGS) $$(CFLAGS_$(1))) -fPIC -c $$< -o $$@
$(BUILD)/plugins/$(1).so: $(patsubst %,$(BUILD)/%.o,$(basename $(wildcard plugins/$(1)/*.c plugins/$(1)/*.cpp))) $(USES_$(1):%=$(BUILD)/plugins/common/%.o) sdk/module.map
	$$(CC) $$(HARDEN_LINK) $$(LDFLAGS) -shared -pthread -Wl,--version-script=sdk/module.map $$(filter %.o,$$^) -o $$@ $$(LIBS_$(1)) -lm
endef
$(foreach p,$(PLUGINS),$(eval $(call plugin_rules,$(p))))

# ---- tests: one make fragment per folder --------------------------------------------------
# A fragment adds programs and scripts to TESTS (no network, root or JVM) or TESTS_FULL, and
# targets they need built to TESTS_BUILD, TESTS_FULL_BUILD. Programs that make builds are
# built because they are named.
TESTS :=
TESTS_FULL :=
TESTS_BUILD := all
TESTS_FULL_BUILD :=
-include $(sort $(wildcard tests/*/test.mk))
TESTS := $(filter-out $(LEAVE_OUT),$(UNIT_BIN) $(filter-out $(UNIT_BIN),$(TESTS)))
TESTS_BUILD += $(TEST_PLUGINS)
$(UNIT_SRC:%.c=$(BUILD)/%.o): $(FLAGS)

.PHONY: deps demo test test-build check check-build check-run lint sanitize tsan fresh-check docs
export BUILD CC FUZZ

# What a user starts builds on all cores; a -j of the user's own wins.
PARALLEL = $(if $(findstring j,$(firstword -$(MAKEFLAGS))),,-j$(shell nproc 2>/dev/null || echo 2))

deps:
	@packaging/deps.sh build

demo:
	@packaging/deps.sh build
	@echo "building into $(BUILD)/"
	+@$(MAKE) -s --no-print-directory $(PARALLEL) all
	@packaging/demo.sh

test-build: $(TESTS_BUILD) $(filter $(BUILD)/%,$(TESTS))
check-build: test-build $(TESTS_FULL_BUILD) $(filter $(BUILD)/%,$(TESTS_FULL))

test:
	@DEPS=no packaging/deps.sh test
	+@$(MAKE) -s --no-print-directory $(PARALLEL) test-build
	@tests/run $(TESTS)

check:
	@packaging/deps.sh check
	+@$(MAKE) -s --no-print-directory $(PARALLEL) check-build
	+@$(MAKE) -s --no-print-directory check-run
# A make of its own: what it looks for (a clang with libFuzzer) may only now be installed.
check-run:
	@packaging/check.sh $(TESTS) -- $(TESTS_FULL)

lint:
	@packaging/lint.sh
sanitize:
	@packaging/sanitize.sh address,undefined
tsan:
	@packaging/sanitize.sh thread
fresh-check:
	@packaging/fresh.sh

docs: all
	$(BUILD)/lrhost describe --markdown | cat docs/configuration.head.md - >docs/configuration.md.new
	mv docs/configuration.md.new docs/configuration.md
	packaging/man.sh $(BUILD)/lrhost docs/man '$(DATE)' $(sort $(PLUGINS))

# ---- install, and packages ----------------------------------------------------------------
include packaging/install.mk packaging/package.mk

# ---- container image (docs/containers.md) --------------------------------------------------
# ENGINE may hold options of its own. Only docker's image format has health checks, and podman
# must be told to write it.
ENGINE ?= docker
.PHONY: image
image:
	$(ENGINE) build $(if $(findstring podman,$(ENGINE)),--format docker) \
	    -f packaging/container/Containerfile --build-arg VERSION=$(VERSION) -t lrhost:$(VERSION) -t lrhost .

clean:
	rm -rf $(BUILD)

include packaging/release.mk

# build/packages holds whole systems, in which programs are called update-rc.d.
-include $(shell find $(BUILD) -path $(BUILD)/packages -prune -o -name '*.d' -type f -print 2>/dev/null)
