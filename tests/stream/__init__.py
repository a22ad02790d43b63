"""The session stream: exact under every fault."""
