# expect: constant LIMIT 10-10
# expect: function area 13-16
# expect: function area.doubled 14-14
# expect: function perimeter 18-20
# expect: function print.square 22-24
# expect: function %+% 26-26
# expect: class Square 28-28
# expect: function counter 30-32

LIMIT <- 10

# How large it is.
area <- function(side, scale = 1) {
  doubled <- function(x) x * 2
  doubled(side) * scale
}

perimeter = function(side) {
  4 * side
}

print.square <- function(x, ...) {
  cat("square", x$side, "\n")
}

"%+%" <- function(a, b) paste0(a, b)

setClass("Square", representation(side = "numeric"))

counter <<- function(start) {
  function() start
}
