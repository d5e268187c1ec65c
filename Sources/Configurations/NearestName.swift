/// The number of single-character insertions, removals, replacements and swaps of neighbours that
/// turn one name into another.
///
/// Source: the optimal string alignment distance (Damerau 1964).
func editDistance(_ first: String, _ second: String) -> Int {
  let a = Array(first)
  let b = Array(second)
  // distances[i][j]: between the first i characters of `a` and the first j of `b`.
  var distances = (0...a.count).map { i in (0...b.count).map { j in i == 0 ? j : (j == 0 ? i : 0) }
  }
  for i in 1..<max(a.count + 1, 1) {
    for j in 1..<max(b.count + 1, 1) {
      let replacement = distances[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
      var best = min(distances[i - 1][j] + 1, distances[i][j - 1] + 1, replacement)
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
        best = min(best, distances[i - 2][j - 2] + 1)
      }
      distances[i][j] = best
    }
  }
  return distances[a.count][b.count]
}

/// The known name nearest to a mistyped one, or nil when none is near enough to be meant.
///
/// Near enough is a distance of at most a third of the longer name, and at least two characters.
func nearestName(to name: String, among known: [String]) -> String? {
  known
    .map { (name: $0, distance: editDistance(name, $0), length: max($0.count, name.count)) }
    .filter { $0.distance <= max(2, $0.length / 3) && $0.distance < $0.length }
    .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?
    .name
}
