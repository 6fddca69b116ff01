# What R makes of tables with zero cells: escalc's add, to and drop00 with rma, rma.mh, rma.peto, and
# the exact conditional odds ratio of mantelhaen.test.
#
#   Rscript tests/living/estimates/zero_cells/zero_cells.R tests/living/estimates/zero_cells
#
# writes zero_cells.json. tests/faults/pool/hahn2001_extract_import.csv is metadat's dat.hahn2001
# (reduced osmolarity solution against the WHO's in children with diarrhoea, unscheduled infusions;
# Hahn, Kim & Garner 2001, BMJ 323:81) in the columns of an extraction; "rare" and "one sided" are made up.

suppressMessages(library(metafor))

json <- function(x) {
  if (is.list(x)) {
    inner <- vapply(x, json, "")
    if (is.null(names(x))) return(paste0("[", paste(inner, collapse = ",\n"), "]"))
    return(paste0("{", paste0('"', names(x), '":', inner, collapse = ","), "}"))
  }
  values <- if (is.character(x)) paste0('"', x, '"')
    else if (is.logical(x)) tolower(as.character(x)) else sprintf("%.14g", x)
  values[is.na(x) | (is.numeric(x) & is.infinite(x))] <- "null"
  if (length(x) == 1 && !inherits(x, "AsIs")) values else paste0("[", paste(values, collapse = ","), "]")
}
folder <- commandArgs(trailingOnly = TRUE)[1]

hahn <- read.csv(file.path(folder, "..", "..", "faults", "pool", "hahn2001_extract_import.csv"))
one <- hahn[hahn$arm == "Reduced", ]
two <- hahn[hahn$arm == "WHO", ]
stopifnot(one$study == two$study)
sets <- list(
  hahn = list(ai = one$events, n1i = one$n, ci = two$events, n2i = two$n),
  rare = list(ai = c(0, 1, 0), n1i = c(20, 20, 35), ci = c(2, 4, 0), n2i = c(20, 20, 30)),
  "one sided" = list(ai = c(0, 0), n1i = c(40, 50), ci = c(3, 9), n2i = c(10, 60)))
rules <- list(list(0.5, "only0", FALSE), list(0.5, "only0", TRUE), list(0.5, "all", FALSE),
              list(0.25, "if0all", TRUE), list(0.1, "if0all", FALSE), list(0, "none", FALSE))

of_rule <- function(s, measure, rule) {
  found <- suppressWarnings(escalc(measure, ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = s,
                                   add = rule[[1]], to = rule[[2]], drop00 = rule[[3]]))
  entered <- which(is.finite(found$yi) & is.finite(found$vi) & found$vi > 0)
  if (length(entered) < 2) return(NULL)
  fit <- rma(yi, vi, data = found[entered, ], method = "DL", test = "z")
  list(measure = measure, add = rule[[1]], to = rule[[2]], drop00 = rule[[3]],
       entered = I(entered), yi = I(c(fit$yi)), vi = I(c(fit$vi)), estimate = fit$beta[1],
       se = fit$se, tau2 = fit$tau2)
}
of_set <- function(name) {
  s <- sets[[name]]
  bi <- s$n1i - s$ai
  di <- s$n2i - s$ci
  some <- s$ai + s$ci > 0 & bi + di > 0
  tables <- array(rbind(s$ai, bi, s$ci, di)[, some], dim = c(2, 2, sum(some)))
  exact <- mantelhaen.test(tables, exact = TRUE)
  grid <- expand.grid(rule = seq_along(rules), measure = c("OR", "RR", "RD", "PETO"),
                      stringsAsFactors = FALSE)
  pooled <- Map(function(r, m) of_rule(s, m, rules[[r]]), grid$rule, grid$measure)
  mh <- lapply(c("OR", "RR", "RD"), function(m) {
    fit <- suppressWarnings(rma.mh(measure = m, ai = s$ai, n1i = s$n1i, ci = s$ci, n2i = s$n2i))
    list(measure = m, estimate = c(fit$beta), se = fit$se)
  })
  peto <- rma.peto(ai = s$ai, n1i = s$n1i, ci = s$ci, n2i = s$n2i)
  list(name = name, ai = I(s$ai), n1i = I(s$n1i), ci = I(s$ci), n2i = I(s$n2i),
       exact = list(estimate = log(exact$estimate[[1]]), lower = log(exact$conf.int[1]),
                    upper = log(exact$conf.int[2]), p = exact$p.value),
       pooled = unname(Filter(Negate(is.null), pooled)), mh = mh,
       peto = list(estimate = peto$beta[1], se = peto$se))
}
software <- list(R = R.version.string, metafor = as.character(packageVersion("metafor")))
writeLines(json(list(software = software, sets = lapply(names(sets), of_set))),
           file.path(folder, "zero_cells.json"))
