# The network of seeds/cbt-delivery/results.csv by rma.mv, from the file itself; prints cbt_delivery.json.
# Run in this directory: Rscript cbt_delivery.R   (R 4.2, metafor 3.8-1, jsonlite)
suppressMessages({library(metafor); library(jsonlite)})
d <- read.csv("../../../seeds/cbt-delivery/results.csv", encoding = "UTF-8")
analyse <- function(d) {
  a <- do.call(rbind, lapply(split(d, paste(d$study, d$treatment, sep = "\r")), function(x)
    data.frame(study = x$study[1], treatment = x$treatment[1],
               y = sum(x$n * x$estimate) / sum(x$n), v = sum(x$n^2 * x$variance) / sum(x$n)^2)))
  a <- a[a$study %in% names(which(table(a$study) > 1)), ]
  treats <- sort(unique(a$treatment), method = "radix")
  y <- c(); X <- NULL; id <- c(); con <- c(); blocks <- list()
  for (s in unique(a$study)) {
    b <- a[a$study == s, ]; m <- nrow(b); C <- cbind(-1, diag(m - 1))
    y <- c(y, C %*% b$y)
    X <- rbind(X, C %*% sapply(treats, function(t) as.numeric(b$treatment == t)))
    blocks[[s]] <- C %*% diag(b$v) %*% t(C); id <- c(id, rep(s, m - 1)); con <- c(con, 1:(m - 1))
  }
  colnames(X) <- treats
  f <- rma.mv(y, bldiag(blocks), mods = X[, -1], intercept = FALSE, random = ~ con | id, rho = 0.5,
    struct = "CS", data = data.frame(y, id, con = factor(con)), control = list(rel.tol = 1e-10))
  list(k = length(unique(id)), arms = nrow(a), treatments = treats, beta = as.vector(f$beta),
       se = f$se, tau2 = f$tau2, Q = f$QE, Q_df = f$k - f$p)
}
control <- d
control$treatment[control$treatment %in% c("Wait list", "TAU", "No treatment", "Placebo")] <- "Control"
write_json(list(separate = analyse(d), controls_merged = analyse(control)), "cbt_delivery.json",
           digits = NA, auto_unbox = TRUE)
