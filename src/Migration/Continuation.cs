namespace Migration;

/// <summary>Lets a stage that works on the whole migration stop in time and go on in the next call.</summary>
/// <param name="Key">Where it keeps how far it came; of one execution, as another one checks everything anew.</param>
/// <param name="StopBy">When its last piece of work must have ended.</param>
/// <param name="Run">
/// Whose it is: of what another one left under the same key, as an execution does whose name is used again, nothing is gone on with.
/// </param>
public sealed record Continuation(string Key, DateTimeOffset StopBy, string? Run);
