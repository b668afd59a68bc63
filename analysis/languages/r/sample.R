# expect: constant LIMIT 13-13
# expect: function area 16-19
# expect: function area.doubled 17-17
# expect: function perimeter 21-23
# expect: function print.square 25-27
# expect: function %+% 29-29
# expect: class Square 31-31
# expect: function counter 33-35
# expect: function .onLoad 37-39
# expect: class Store 41-48
# expect: method Store.add 44-46

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

.onLoad <- function(libname, pkgname) {
  invisible()
}

Store <- R6::R6Class("Store",
  public = list(
    items = NULL,
    add = function(item) {
      self$items <- c(self$items, item)
    }
  )
)
