GO ?= go

# The linter's version stands in its own module; the built program is kept by version.
LINT_VERSION := $(shell awk '$$1 == "github.com/golangci/golangci-lint/v2" { print $$2 }' tools/lint/go.mod)
LINT         := .cache/bin/golangci-lint-$(LINT_VERSION)
ACTIONLINT   := .cache/bin/actionlint

# goreleaser makes a release; syft lists its parts, and cosign signs it. Each has a module of its own.
RELEASE_TOOLS := .cache/release/goreleaser .cache/release/syft .cache/release/cosign

# What a release is built for, and what every change must still build for.
PLATFORMS := linux-amd64 linux-arm64 darwin-arm64 windows-amd64

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## photos and photosd into bin/
	$(GO) build -trimpath -o bin/ ./cmd/photos ./cmd/photosd

.PHONY: demo
demo: ## the main job on throw-away data; PHOTOS=DIR with your pictures, KEEP=1 stays up, DATABASE_URL=… on your database server
	@$(GO) build -o .cache/demo/ ./cmd/photos ./cmd/photosd ./internal/testkit/person/xdg-open ./internal/userpool/poolserver ./demo
	@PHOTOS="$(PHOTOS)" KEEP="$(KEEP)" DATABASE_URL="$(DATABASE_URL)" .cache/demo/demo .cache/demo

.PHONY: check
check: ## build, vet and the quick tests, in about a minute
	$(GO) build ./...
	$(GO) vet ./...
	$(GO) test -short ./...

.PHONY: test
test: ## every test, with the real parts they want (NO_INSTALL=1 installs none)
	scripts/test

.PHONY: reference
reference: ## docs/reference, from the commands
	$(GO) test -short -count=1 -run '^TestReference$$' ./cmd/photos ./cmd/photosd -update

.PHONY: session
session: ## docs/pictures/session.svg, from a terminal in which the programs run; needs tmux and jq
	$(GO) run ./demo/session docs/pictures/session.svg

.PHONY: licenses
licenses: ## docs/licenses.md and NOTICE, from the modules that the programs contain
	$(GO) test -count=1 -run '^TestLicenses$$' ./internal/layout -update

.PHONY: bench
bench: ## the figures of docs/numbers.md, half an hour; BENCH="-scale 0.1 -only B" for less
	@mkdir -p .cache/bench && $(GO) build -o .cache/bench/ ./bench
	@.cache/bench/bench $(BENCH)

.PHONY: soak
soak: ## 5,000 photos through a faulty network, without and with 1,000 kills; twice 200 kills of replicas, also over a faulty bucket; then fuzzing; PHOTOS_TEST_SEED=N for other odds
	PHOTOS_SOAK=1 $(GO) test -count=1 -v -timeout 90m -run 'TestScripts/^(faults|kills|replica-kills|replica-kills-bucket)$$' ./cmd/photos
	scripts/fuzz

.PHONY: wine-test
wine-test: ## the Windows client with Wine
	scripts/wine-test

.PHONY: lint
lint: $(LINT) $(ACTIONLINT) ## golangci-lint, and actionlint for the workflow, built on first use
	$(LINT) run
	$(ACTIONLINT)

.PHONY: cross $(PLATFORMS)
cross: $(PLATFORMS) ## build for every platform, without a C compiler; vet the client's tests for the others

# The tests of what differs between systems. They need little more than the programs do, which are compiled already.
DIFFERENT := ./cmd/photos ./internal/auth/... ./internal/command ./internal/safefile ./internal/statcache ./internal/term ./internal/transfer

# With -trimpath, as a release is built, so that the compiled packages serve for both.
$(PLATFORMS): export CGO_ENABLED = 0
$(PLATFORMS): export GOOS = $(firstword $(subst -, ,$@))
$(PLATFORMS): export GOARCH = $(lastword $(subst -, ,$@))
$(PLATFORMS):
	$(GO) build -trimpath ./cmd/...
	$(if $(filter linux-%,$@),,$(GO) vet -trimpath $(DIFFERENT))

.PHONY: man
man: ## the manual pages and completions, into dist-extra/
	scripts/package-files

.PHONY: snapshot
snapshot: $(RELEASE_TOOLS) ## the archives and packages of a release, into dist/, published nowhere
	scripts/release

.PHONY: release-test
release-test: $(RELEASE_TOOLS) ## make a snapshot; install, run and remove its packages in a fresh Debian; needs root
	scripts/release-test

.PHONY: package-test
package-test: .cache/release/goreleaser ## make the archives and packages of a release and open them, as .ci/run does
	scripts/release-test packages

.PHONY: image-test
image-test: ## build the container image with decoders on a fresh Debian, and use it; needs root
	scripts/image-test

.PHONY: ci
ci: ## what a change has to pass
	.ci/run

.PHONY: clean
clean: ## remove what was built here
	rm -rf bin dist dist-extra .cache artifacts

$(LINT):
	cd tools/lint && $(GO) build -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(ACTIONLINT): tools/actionlint/go.mod tools/actionlint/go.sum
	cd tools/actionlint && $(GO) build -o ../../$@ github.com/rhysd/actionlint/cmd/actionlint

$(RELEASE_TOOLS): .cache/release/%: tools/%/go.mod tools/%/go.sum
	cd tools/$* && CGO_ENABLED=0 GOBIN=$(CURDIR)/.cache/release $(GO) install tool
	touch $@
