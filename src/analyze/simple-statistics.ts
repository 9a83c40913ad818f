/**
 * The only door to `simple-statistics`. It lists the functions whose source (7.12.1, read and then
 * executed by tests/analyze/simple-statistics.test.ts with every transcendental of Math removed)
 * needs nothing but + - * / and sqrt, so that they give the same bits on every engine.
 *
 * Not here, and why: `median`, `quantile` and `medianAbsoluteDeviation` select with Math.log and
 * Math.exp; `rSquared` and `sampleSkewness` use Math.pow; the distributions and tests use exp and
 * gamma functions. Sort once and use the `...Sorted` functions.
 *
 * They work on replications and on rows of a table, never per sample of a run.
 */
export {
  linearRegression,
  linearRegressionLine,
  max,
  mean,
  medianSorted,
  min,
  quantileSorted,
  sampleCorrelation,
  sampleCovariance,
  sampleStandardDeviation,
  sampleVariance,
  standardDeviation,
  sum,
} from 'simple-statistics';
