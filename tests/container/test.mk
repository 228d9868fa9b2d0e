# The container image, compose and Kubernetes files. image.sh builds the image with podman and takes
# some minutes, so it is a target of its own.
CONTAINER_TESTS := $(patsubst %,tests/container/%.sh,manifests rootfs compose)
TESTS_FULL += $(CONTAINER_TESTS)

.PHONY: container-check
container-check: all
	tests/run $(CONTAINER_TESTS) tests/container/image.sh
