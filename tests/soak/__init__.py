"""Break the service, at length: `make soak`, or one scenario alone with `python -m tests.soak NAME`."""
