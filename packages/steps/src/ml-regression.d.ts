// The part of ml-regression 6.3.0 that `fit.ts` uses; the library ships no types.
declare module 'ml-regression' {
  /** A column per weight; with `intercept: false` there is one weight per column of `x`. */
  export class MultivariateLinearRegression {
    constructor(
      x: readonly ArrayLike<number>[],
      y: readonly (readonly number[])[],
      options: { readonly intercept: boolean; readonly statistics: boolean },
    )
    readonly weights: readonly (readonly number[])[]
  }
  export class SimpleLinearRegression {
    constructor(x: ArrayLike<number>, y: ArrayLike<number>)
    readonly slope: number
    readonly intercept: number
  }
  export class TheilSenRegression {
    constructor(x: ArrayLike<number>, y: ArrayLike<number>)
    readonly slope: number
    readonly intercept: number
  }
  /** y = B e^(A x) */
  export class ExponentialRegression {
    constructor(x: ArrayLike<number>, y: ArrayLike<number>)
    readonly A: number
    readonly B: number
  }
  /** y = A x^B */
  export class PowerRegression {
    constructor(x: ArrayLike<number>, y: ArrayLike<number>)
    readonly A: number
    readonly B: number
  }
  /** Coefficients from the power 0 up. */
  export class PolynomialRegression {
    constructor(x: ArrayLike<number>, y: ArrayLike<number>, degree: number)
    readonly coefficients: readonly number[]
  }
  /** The prediction is the sum of alpha x kernel. */
  export class KernelRidgeRegression {
    constructor(
      x: readonly ArrayLike<number>[],
      y: readonly (readonly number[])[],
      options: {
        readonly lambda: number
        readonly kernelType: 'gaussian'
        readonly kernelOptions: { readonly sigma: number }
      },
    )
    readonly alpha: { to1DArray(): number[] }
  }
}
