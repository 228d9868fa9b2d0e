# Releases. VERSION and DATE of the Makefile are the one place; packaging/release-check.sh says what
# must agree with them.
.PHONY: sbom release-check
sbom:
	@packaging/release-check.sh sbom
release-check:
	@packaging/release-check.sh
