# How R codes formulae, and what metafor estimates with them: every pattern of up to three terms of
# two numbers and two factors, with and without intercept, in two orders; operators; transforms.
#
#   Rscript tests/synthesis/formulae/formulae.R tests/synthesis/formulae
#
# writes formulae.csv (made data, no trials) and formulae.json. A column of a model matrix is stored
# once under its name; the script stops where one name stands for two columns.

suppressMessages({library(metafor); library(splines)})

json <- function(x) {
  if (is.matrix(x)) return(json(lapply(seq_len(nrow(x)), function(i) I(x[i, ]))))
  if (is.list(x)) {
    inner <- vapply(x, json, "")
    if (is.null(names(x))) return(paste0("[", paste(inner, collapse = ",\n"), "]"))
    return(paste0("{", paste0('"', names(x), '":', inner, collapse = ","), "}"))
  }
  values <- if (is.character(x)) paste0('"', x, '"') else sprintf("%.13g", x)
  values[is.na(x)] <- "null"
  if (length(x) == 1 && !inherits(x, "AsIs")) values else paste0("[", paste(values, collapse = ","), "]")
}
folder <- commandArgs(trailingOnly = TRUE)[1]

set.seed(20261129)
k <- 36
dat <- data.frame(
  f = rep(c("a", "b", "c"), each = 12), g = rep(c("u", "v"), 18),
  w = rep(c(9, 10, 11, 10), 9),
  x = sample(1:20, k, replace = TRUE), z = round(runif(k, 0.5, 9), 1))
dat$yi <- round(0.3 + 0.05 * dat$x - 0.1 * (dat$g == "v") + rnorm(k, 0, 0.4), 3)
dat$vi <- round(runif(k, 0.02, 0.3), 3)
write.csv(dat, file.path(folder, "formulae.csv"), row.names = FALSE)

sets <- unlist(lapply(1:3, function(m) combn(c("x", "z", "f", "g"), m, simplify = FALSE)),
               recursive = FALSE)
patterns <- unlist(lapply(1:3, function(m) combn(length(sets), m, simplify = FALSE)),
                   recursive = FALSE)
written <- function(sets) paste(vapply(sets, paste, "", collapse = ":"), collapse = " + ")
forward <- vapply(patterns, function(p) written(sets[p]), "")
backward <- vapply(patterns, function(p) written(rev(lapply(sets[p], rev))), "")
grid <- c(forward, paste("0 +", forward))
other <- setdiff(c(backward, paste("0 +", backward)), grid)
operators <- c("f*g", "f*x", "x*f", "0 + f*x", "f*x - x", "f*x - f", "f*g - g", "0 + f*g - f",
  "f/x", "f/g", "g/f", "0 + f/x", "f/(x + z)", "(f + g)/x", "(x + f + g)^2", "(x + z + f + g)^3",
  "(x + z)*(f + g)", "f + g + f:g - 1", "x + z - 1", "f*g*x", "f*g*x - f:g:x", "x:(f + g)",
  "(f + x)*z - z", "g + x:f + f", "1", "factor(w)", "0 + factor(w)", "factor(w)*g",
  "factor(w):x", "f + factor(w):z")

columns <- list()
coded <- function(formula) {
  m <- model.matrix(as.formula(paste("~", formula)), dat)
  colnames(m)[colnames(m) == "(Intercept)"] <- "intrcpt"
  for (name in colnames(m)) {
    if (is.null(columns[[name]])) columns[[name]] <<- unname(m[, name])
    else stopifnot(identical(columns[[name]], unname(m[, name])))
  }
  colnames(m)
}
fitted <- function(formula) {
  fit <- suppressWarnings(rma(yi, vi, mods = as.formula(paste("~", formula)), data = dat,
                              method = "DL", test = "z"))
  list(terms = I(rownames(fit$beta)), beta = I(as.vector(fit$beta)), se = I(fit$se), tau2 = fit$tau2,
       QM = fit$QM, QE = fit$QE)
}

designs <- lapply(c(grid, other, operators), function(f) list(formula = f, columns = I(coded(f))))
fits <- lapply(c(grid, operators), function(f) c(list(formula = f), fitted(f)))

transforms <- c("I(x^2)", "x + I(x^2)", "log(x)", "log2(z)", "log10(z)", "log1p(z)", "sqrt(z)",
  "exp(x/10)", "abs(x - 10)", "I(x - 2 * z)", "I((x + z)^2)", "I(1/x)", "I(-x)", "scale(x)",
  "I(log(x) * z)", "poly(x, 2)", "poly(x, 3)", "poly(z, degree = 4)", "0 + poly(x, 2)",
  "poly(x, 2)*g", "f:poly(x, 2)", "ns(x)", "ns(x, df = 2)", "ns(x, df = 3)", "ns(z, 4)", "bs(x)",
  "bs(x, df = 4)", "bs(z, 6)", "bs(x, df = 4, degree = 2)", "bs(z, degree = 1)", "ns(x, df = 3):g",
  "g + ns(x, df = 3):f", "log(x):f", "log(x)*I(z^2)")
new <- data.frame(f = c("b", "a", "c"), g = c("v", "u", "u"), x = c(3, 11, 17), z = c(2, 5.5, 8))
beyond <- data.frame(f = "b", g = "v", x = c(-4, 30), z = c(0.1, 14))
rows <- function(formula, data) {
  frame <- model.frame(as.formula(paste("~", formula)), dat)
  m <- model.matrix(terms(frame), model.frame(terms(frame), data))
  unname(m)
}
transformed <- lapply(transforms, function(f) {
  m <- model.matrix(as.formula(paste("~", f)), dat)
  colnames(m)[colnames(m) == "(Intercept)"] <- "intrcpt"
  out <- list(formula = f, columns = I(colnames(m)), matrix = unname(m), new = rows(f, new))
  if (grepl("^ns\\(", f) && !grepl(":", f)) out$beyond <- rows(f, beyond)
  out
})

writeLines(json(list(
  versions = list(R = as.character(getRversion()), metafor = as.character(packageVersion("metafor"))),
  columns = columns, designs = designs, fits = fits, transforms = transformed)),
  file.path(folder, "formulae.json"))
