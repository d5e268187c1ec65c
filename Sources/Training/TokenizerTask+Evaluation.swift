extension TokenizerTask {
  package func evaluate(_ session: TrainingSession) throws -> Evaluation {
    try heldOut.evaluate(model, data?.evaluation, session)
  }
}
