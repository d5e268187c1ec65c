/// The middle of some figures, the upper one of two; not a number without any.
func median(_ figures: [Double]) -> Double {
  figures.isEmpty ? .nan : figures.sorted()[figures.count / 2]
}
