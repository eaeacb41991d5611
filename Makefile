# A thin door to Meson and prove; every target is one or two lines. `make help` lists them.
BUILD ?= build
SANITIZE = -Db_sanitize=address,undefined -Db_lundef=false
FUZZ_SECONDS ?= 60

.PHONY: model all rel asan check fuzz fuzz-run lint docs bench soak tidy format install packages prove-bare clean help

all: ## build with optimisation and debug symbols, in build/
	@tools/build $(BUILD)

rel: ## release build, in build-rel/
	@tools/build build-rel --buildtype=release

asan: ## build with ASan and UBSan, in build-asan/
	@tools/build build-asan $(SANITIZE)

check: ## install what is missing, build with sanitizers, run every test
	@./check

lint: ## the style, layer and documentation tests only
	@./check tests/lint/

fuzz: ## build the fuzz targets (libFuzzer), in build-fuzz/
	@tools/install-packages build fuzz
	@CC=clang tools/build build-fuzz -Dfuzzing=true $(SANITIZE)

fuzz-run: fuzz ## run each fuzz target for FUZZ_SECONDS (60)
	@tools/fuzz-run build-fuzz $(FUZZ_SECONDS)

docs: all ## write man pages, completion, reference and example configuration from the tables
	@tools/update-docs $(BUILD)

bench: rel ## measure everything (half an hour, quiet machine); writes docs/performance.md
	@tools/install-packages build bench
	@bench/run build-rel

model: rel ## train conf/model/jp.hkmodel anew from the lists in DATA=PATH (docs/model.md)
	@test -n "$(DATA)" || { echo "make model DATA=PATH: the folder with phishurl-jp/, benign/, feeds/" >&2; exit 64; }
	build-rel/src/hikeshi model train --seed 2 --out conf/model/jp.hkmodel \
		$(addprefix --phish ,$(sort $(wildcard $(DATA)/phishurl-jp/*.csv*))) \
		--benign $(DATA)/benign/benign-hosts.tsv.xz --benign $(DATA)/benign/benign-jp-hosts.txt \
		$(addprefix --feed ,$(sort $(wildcard $(DATA)/feeds/tweetfeed-*.csv* $(DATA)/feeds/phishing-database-*.txt*)))
	build-rel/src/hikeshi model show conf/model/jp.hkmodel

soak: asan rel ## the long runs: 1,000 kill -9; seven virtual days of listening with 500 disconnects
	@HK_EAR_DAYS=7 HK_EAR_CUTS=500 prove -v build-asan/tests/unit/source/test_c2_ear.t
	@HK_BUILD=$(CURDIR)/build-asan HK_SOAK=1000 prove -v tests/scenario/
	@HK_BUILD=$(CURDIR)/build-rel HK_SOAK=1 prove -v tests/scenario/mass-night.t # its clock is wrong in a release build only

tidy: all ## clang-tidy over every C file
	@tools/install-packages build tidy && find src range tools -name '*.c' | sort | xargs -P 2 -n 8 clang-tidy -p $(BUILD) --quiet

format: ## clang-format every C file in place
	@git ls-files '*.[ch]' | xargs clang-format -i

install: rel ## install into DESTDIR and the prefix of build-rel
	@ninja -C build-rel install

packages: ## build the Debian packages, in build-packages/, and try them on bare machines (root; half an hour)
	@HK_PACKAGES=$(CURDIR)/build-packages prove -v tests/packages/

prove-bare: ## ./quickstart and ./check on bare Debian 12 machines, as root and as a user (root; an hour and a half)
	@tools/prove-bare

clean: ## remove the build folders
	@rm -rf build build-*

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
