# `make help` lists what there is. The work is done by the scripts in scripts/, so that each can be run alone.
.PHONY: help demo test bench docs setup clean-data

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## install what is missing, fetch the flight data, run the flights example
	@scripts/demo.sh

test: ## form, lints and all tests
	@scripts/test.sh

bench: ## measure the engine and the Nexmark queries
	@scripts/bench.sh

docs: ## write the generated pages under docs/ anew
	@HURTIG_UPDATE=1 cargo test --quiet -p hurtig-core --test configuration

setup: ## install what is missing for building and testing
	@scripts/setup.sh test

clean-data: ## remove fetched data and results
	@rm -rf .cache out
