using Influx;

namespace Migration;

/// <summary>A measurement that is asked for by its name is not there: a wrong input, which is told before anything is moved.</summary>
/// <param name="message">What was asked for, and what is there.</param>
public sealed class UnmatchedException(string message) : Exception(message);

/// <summary>Which of a request's filters matched something.</summary>
/// <param name="request">The request.</param>
/// <param name="matched">The globs that matched before.</param>
internal sealed class RequestFilters(MigrationRequest request, IEnumerable<string> matched)
{
    private readonly HashSet<string> matched = new(matched, StringComparer.Ordinal);

    /// <summary>The globs that matched so far.</summary>
    public IReadOnlyCollection<string> Matched => matched;

    /// <summary>Notes what matches some of a server's measurements.</summary>
    public void See(IReadOnlySet<string> names)
    {
        foreach (var glob in request.Measurements.Concat(request.ExcludeMeasurements))
        {
            if (!matched.Contains(glob) && (MigrationRequest.IsName(glob) ? names.Contains(glob) : names.Any(name => MigrationRequest.Matches(glob, name))))
                matched.Add(glob);
        }
    }

    /// <summary>Checks that every measurement that is asked for by name was seen.</summary>
    /// <param name="names">The measurements that are there.</param>
    /// <exception cref="UnmatchedException">One was not.</exception>
    public void CheckNames(IReadOnlyCollection<string> names)
    {
        var missing = request.Measurements.Where(glob => MigrationRequest.IsName(glob) && !matched.Contains(glob)).ToList();
        if (missing.Count > 0)
            throw new UnmatchedException(string.Join('\n', missing.Select(name =>
                $"nothing matched {Option("--measurement", name)}: {(NearestName.Of(name, names) is { } nearest ? $"the nearest that is there is '{nearest}', of {names.Count}" : "no measurement is there")}")));
    }

    /// <summary>The filters that matched nothing, each as its option.</summary>
    /// <param name="anyFound">Whether any point was found.</param>
    public IReadOnlyList<string> Unmatched(bool anyFound)
    {
        var unmatched = request.Measurements.Where(glob => !matched.Contains(glob)).Select(glob => Option("--measurement", glob))
            .Concat(request.ExcludeMeasurements.Where(glob => !matched.Contains(glob)).Select(glob => Option("--exclude-measurement", glob))).ToList();
        if (anyFound)
            return unmatched;
        unmatched.AddRange(request.Tags.Select(tag => Option("--tag", $"{tag.Key}={tag.Value}")));
        if (request.Start is not null)
            unmatched.Add(Option("--start", request.Start));
        if (request.Stop is not null)
            unmatched.Add(Option("--stop", request.Stop));
        return unmatched;
    }

    private static string Option(string name, string value) => $"{name} {ShellWords.Quote(value)}";
}
