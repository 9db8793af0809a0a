"""How good an alignment is: residuals, closure, contradiction, estimated error."""
