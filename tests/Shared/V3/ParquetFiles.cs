using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;

namespace TestServers;

/// <summary>The files that tables are in, as far as the number counts that a query would read: each ten minutes with points are one, which Core never merges.</summary>
/// <param name="options">How many a query may read.</param>
internal sealed partial class ParquetFiles(Influx3Options options)
{
    // Nanoseconds of a file of the first generation.
    private const long FileLength = 600_000_000_000;

    private readonly ConcurrentDictionary<(string Database, string Table), HashSet<long>> files = new();

    /// <summary>Keeps what was written.</summary>
    public void Add(string database, List<Line3> lines, string precision)
    {
        var unit = precision switch { "n" => 1, "u" => 1_000, "ms" => 1_000_000, _ => 1_000_000_000 };
        foreach (var line in lines)
        {
            var time = line.Time.Length == 0 ? TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000 : long.Parse(line.Time, CultureInfo.InvariantCulture) * unit;
            files.GetOrAdd((database, line.Table), _ => []).Add(FileOf(time));
        }
    }

    private static long FileOf(long time) => (long)Math.Floor((decimal)time / FileLength);

    /// <summary>Core's own words where a query would read more files than it may; null where it may.</summary>
    public string? Problem(string database, List<(string Text, List<Token> Tokens)> statements)
    {
        foreach (var (text, tokens) in statements.Where(statement => statement.Tokens[0].Is("SELECT")))
        {
            var range = TimeRange().Match(text);
            var (first, last) = range.Success ? (FileOf(Time(range, "start")), FileOf(Time(range, "stop") - 1)) : (long.MinValue, long.MaxValue);
            var table = tokens.SkipWhile(token => !token.Is("FROM")).Skip(1).FirstOrDefault(token => token.IsName).Value ?? "";
            var read = files.GetValueOrDefault((database, table))?.Count(file => file >= first && file <= last) ?? 0;
            if (read > options.FileLimit)
            {
                return options.NewFileText
                    ? $"External error: Query would scan {read} Parquet files, exceeding the file limit."
                    : $"error while planning query: External error: Query would exceed file limit of {options.FileLimit} parquet files. Please specify a smaller time range for your query. "
                        + "You can increase the file limit with the `--query-file-limit` option in the serve command, however, query performance will be slower and the server may get OOM killed or become unstable as a result";
            }
        }
        return null;

        static long Time(Match range, string name) => long.Parse(range.Groups[name].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"time >= (?<start>-?\d+) AND time < (?<stop>-?\d+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TimeRange();
}
