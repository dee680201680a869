"""The GraphQL schema: types and resolvers that pass on what the doors answer."""
