"""One command of `meantime` a module; `cli.app` imports it when it is called."""
