/// What is wrong with the content of a file; the reader of the file adds where.
struct FormatProblem: Error {
  let problem: String
  let advice: String

  init(_ problem: String, advice: String = damagedFileAdvice) {
    self.problem = problem
    self.advice = advice
  }
}
