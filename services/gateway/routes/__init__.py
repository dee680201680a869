"""The gateway's HTTP: GraphQL by the GraphQL-over-HTTP specification, and the console's files."""
