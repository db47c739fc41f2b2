# Each target does its own set-up on a fresh Debian or Ubuntu machine with Python 3.11 or later.
BIN := .venv/bin
JOBS ?= 2
# The tests wait often: three processes keep two cores busy.
TEST_JOBS ?= 3

# Tests of whole commands, verdicts, walls, pages and builds: minutes. `make test-quick` does without.
LONG := batch corpus courses e2e pages publish sandbox tools

.PHONY: help demo test test-quick lint docs bench clean

help:
	@echo "make demo   build the release, grade the sample submissions, show where the reports are"
	@echo "make test   run the test suite"
	@echo "make test-quick   run what takes a minute or two of it"
	@echo "make lint   check style, types, imports and the C++ code's format"
	@echo "make docs   build the manuals as a site in site/; fails on a dead link"
	@echo "make bench  measure how fast this machine grades (minutes)"
	@echo "make clean  remove the environment and all that was built"

demo:
	@tools/setup instructor
	@$(BIN)/autograder doctor
	@$(BIN)/autograder release hw5 --no-prove
	@$(BIN)/autograder grade tests/samples/hw5 -o out/demo --jobs $(JOBS) --training-images 2000 --seed 1; status=$$?; \
	  [ $$status -le 1 ] || exit $$status

test:
	@tools/setup dev,oracle
	$(BIN)/python -m pytest -n $(TEST_JOBS) --dist worksteal

test-quick:
	@tools/setup dev,oracle
	$(BIN)/python -m pytest -n $(TEST_JOBS) --dist worksteal -m 'not slow' $(LONG:%=--ignore=tests/%)

lint:
	@tools/setup dev,oracle
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/clang-format --dry-run --Werror ext/fastconv_*.h ext/fastconv_*.cpp

docs:
	@tools/setup dev
	$(BIN)/mkdocs build --strict

bench:
	@tools/setup dev,oracle
	tools/measure grading

clean:
	rm -rf .venv build dist out site
