"""Exit with 0 if the container answers /health: `python docker/healthcheck.py PORT`."""

import sys
import urllib.request

urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/health", timeout=4).close()
