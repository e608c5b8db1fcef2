namespace Migration;

/// <summary>Lets a stage that works on the whole migration stop in time and go on in the next call.</summary>
/// <param name="Key">Where it keeps how far it came; of one execution, as another one checks everything anew.</param>
/// <param name="StopBy">When its last piece of work must have ended.</param>
public sealed record Continuation(string Key, DateTimeOffset StopBy);
