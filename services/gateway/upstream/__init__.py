"""The doors of the services, and batching loads per request."""
