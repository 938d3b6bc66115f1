# Spotter. `make help` lists what there is to do.

SHELL   := /bin/bash
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
TOOL    := CGO_ENABLED=0 $(GO) tool -modfile=tools.mod
ARGS    ?=

.DEFAULT_GOAL := help
.PHONY: help run dev test test-go lint generate check-generated bench build assets postgres browser clean

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: need-go assets postgres ## Serve on localhost:8080 with a Postgres of its own (ARGS="--addr ... --data ...")
	@$(GO) build -o bin/spotter ./cmd/server
	@exec scripts/run.sh bin/spotter serve $(ARGS)

dev: need-go assets postgres ## Serve and rebuild when a file changes
	$(TOOL) templ generate --watch --cmd="$(GO) run ./cmd/server serve $(ARGS)" --proxy="http://localhost:8080" --open-browser=false

test: need-go assets browser postgres check-generated lint test-go ## Everything that must hold: generated code, lint, all tests, the browser's included

test-go: ## Only the tests, against a throw-away Postgres (ARGS="-run X ./internal/review")
	$(GO) run ./internal/postgres/pgtest/with -- scripts/test.sh $(ARGS)

lint: need-go ## Formatting, vet and staticcheck
	@test -z "$$($(TOOL) gofumpt -l $$(git ls-files '*.go' | grep -v -e '_templ.go$$' -e '^internal/db/'))" || \
	  { echo "not formatted; run: make fmt"; $(TOOL) gofumpt -l $$(git ls-files '*.go' | grep -v -e '_templ.go$$' -e '^internal/db/'); exit 1; }
	$(GO) vet ./...
	$(TOOL) staticcheck ./...

fmt: ## Format Go and templ files
	$(TOOL) templ fmt web/templates
	$(TOOL) gofumpt -w $$(git ls-files '*.go' | grep -v -e '_templ.go$$' -e '^internal/db/')

generate: need-go ## Rebuild generated Go: sqlc, templ, go generate
	$(TOOL) sqlc generate
	$(TOOL) templ generate -path web/templates
	$(GO) generate ./...

check-generated: need-go ## Fail when generated Go is not what its sources say
	@scripts/check-generated.sh

bench: need-go postgres ## Measure against bare metal; takes minutes, writes bench/latest.json
	$(GO) run ./internal/postgres/pgtest/with -durable -- $(GO) run ./bench $(ARGS)

build: need-go assets ## One static binary with everything embedded: bin/spotter
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags="-s -w" -o bin/spotter ./cmd/server
	@ls -lh bin/spotter

# What the targets above fetch ------------------------------------------------------

need-go:
	@command -v $(GO) >/dev/null || { echo "Go is missing: install Go 1.26 or later and put it on PATH."; exit 1; }

assets: ## Fetch htmx (and, for tests, axe) by npm
	@scripts/assets.sh

postgres: ## Make sure there are Postgres programs
	@scripts/postgres.sh

browser: ## Make sure there is Chromium for the tests
	@scripts/browser.sh

clean: ## Remove what was built; never touches data/
	rm -rf bin web/static/vendor web/node_modules .cache
