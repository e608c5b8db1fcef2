using System.CommandLine;
using Influx;
using Migration;

namespace Cli;

/// <summary>Checks and hardens a staging bucket of the user's own.</summary>
internal static class BucketCommand
{
    public static Command Create()
    {
        var check = Make("check", "Says what a staging bucket lacks: versioning, public access blocks, owner-enforced ownership, TLS 1.2 for all, encryption with no writer's own key.", CheckAsync);
        var harden = Make("harden", "Sets what a staging bucket lacks. Statements that its policy has already stay.", HardenAsync);
        return new Command("bucket", "Checks and hardens staging buckets, with the AWS credentials of the environment.") { check, harden };
    }

    /// <summary>What is missing, as a person reads it.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="gaps">What it lacks.</param>
    /// <param name="between">What stands between them; a line each where it is null.</param>
    public static string Sentence(string bucket, IReadOnlyList<StagingGap> gaps, string? between = null)
    {
        var list = between is null ? string.Concat(gaps.Select(gap => $"\n  {gap.What}")) : $" {string.Join(between, gaps.Select(gap => gap.What))}";
        return $"the staging bucket '{bucket}' lacks {gaps.Count} of what keeps a migration's data safe:{list}";
    }

    /// <summary>The command that sets what is missing.</summary>
    public static string HardenWith(string bucket) => ShellWords.Join("influx-migrate", "bucket", "harden", bucket);

    private static Command Make(string name, string description, Func<S3Store, string, CancellationToken, Task<int>> work)
    {
        var bucket = new Argument<string>("NAME") { Description = "The S3 bucket." };
        var command = new Command(name, description) { bucket };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(bucket)!, work, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string bucket, Func<S3Store, string, CancellationToken, Task<int>> work, CancellationToken cancellationToken)
    {
        try
        {
            using var store = await S3Store.OpenAsync(StoreFactory.S3Options(bucket, ""), cancellationToken);
            return await work(store, bucket, cancellationToken);
        }
#pragma warning disable CA1031 // The one boundary: every failure becomes an exit code and a sentence.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            var error = RunErrors.Map(failure, reached: false, stopped: null, CommandLine.OfThisProcess());
            await Console.Error.WriteLineAsync(error.Sentence);
            return error.ExitCode;
        }
    }

    private static async Task<int> CheckAsync(S3Store store, string bucket, CancellationToken cancellationToken)
    {
        var gaps = await store.FindGapsAsync(cancellationToken);
        if (gaps.Count == 0)
        {
            await Console.Out.WriteLineAsync($"the staging bucket '{bucket}' has all that is asked for");
            return ExitCodes.Complete;
        }
        await Console.Error.WriteLineAsync($"{Sentence(bucket, gaps)}\nset what is missing: {HardenWith(bucket)}");
        return ExitCodes.Refused;
    }

    private static async Task<int> HardenAsync(S3Store store, string bucket, CancellationToken cancellationToken)
    {
        var (set, refused) = await store.HardenAsync(cancellationToken);
        foreach (var gap in set)
            await Console.Out.WriteLineAsync($"set: {gap.What}");
        foreach (var (gap, why) in refused)
            await Console.Error.WriteLineAsync($"not set: {gap.What}: {why}");
        return await CheckAsync(store, bucket, cancellationToken);
    }
}
