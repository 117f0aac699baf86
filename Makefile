# Names for what there is to do; CMake builds (CMakeLists.txt), scripts in tools/ do the rest.
#
#   make run                 install what is missing, build, and serve on http://localhost:8080
#   make test                all of the tests; STAGE=unit (or another, see tools/test) for one kind
#   make build               build/yodel, the library, build/compile_commands.json
#   make sim SEED=0x2a       the simulator, with one seed
#   make fuzz T=sdp_parse    one fuzzer, or all; SECONDS=60
#   make tidy                what the compiler cannot see
#   make format              clang-format, in place
#   make rfc                 docs/rfc.md: which clause is obeyed where
#   make bench               measurements against other implementations
#   make install PREFIX=/usr/local
#   make clean

PREFIX ?= /usr/local
SECONDS ?= 60
ARGS ?=

.PHONY: run build test sim fuzz tidy format rfc bench install clean

run: build
	build/yodel serve $(ARGS)

build:
	tools/setup build web
	tools/web
	tools/build release

test:
	tools/setup build web test
	tools/test $(STAGE)

sim:
	tools/setup build web test
	tools/build release -DYODEL_TESTS=ON -- sim
	build/sim $(SEED)

fuzz:
	tools/setup build test
	FUZZ_SECONDS=$(SECONDS) tools/fuzz $(T)

tidy:
	tools/setup build test
	tools/tidy

format:
	tools/format

rfc:
	tools/rfc_index

bench:
	tools/setup build web test
	tools/build release
	bench/run $(ARGS)

install: build
	cmake --install build --prefix $(PREFIX)

clean:
	rm -rf build build-asan build-tsan build-fuzz build-package web/dist
