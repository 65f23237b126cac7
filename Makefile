# Shortcuts for developers. Nothing needs make: each line stands for itself.
PYTHON ?= python3
LOCK = .venv/bin/python -m uv pip compile --generate-hashes --universal --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --no-annotate --quiet

.PHONY: run test check screenshots messages lock test-wordpress test-firefox

run:
	$(PYTHON) app.py

test:
	$(PYTHON) app.py test

check:
	$(PYTHON) app.py check

screenshots:
	$(PYTHON) app.py test tests/screenshots.py -n 0

messages:
	.venv/bin/python -m translations.catalogue

lock:
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt
	$(LOCK) requirements-uv.in -o requirements-uv.txt

# A real WordPress of Debian's packages; no part of the other tests.
test-wordpress:
	.venv/bin/python -m pytest -n 0 tests/wordpress/check_wordpress.py

test-firefox:
	.venv/bin/python -m pytest -n 0 tests/firefox/check_firefox.py
