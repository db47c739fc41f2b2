"""The part of the guest that puts up walls inside the sandbox; Linux only."""
