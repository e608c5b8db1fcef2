using System.Text.Json;
using Functions;

namespace Infra;

/// <summary>Which secrets are rotated, and how often.</summary>
public sealed record RotationSettings
{
    /// <summary>How long a replaced token stays active: longer than the longest execution, which may have begun with it.</summary>
    public static TimeSpan Grace { get; } = MigrationStateMachine.LongestExecution() + TimeSpan.FromDays(1);

    /// <summary>Days from one rotation to the next; more than <see cref="Grace"/>.</summary>
    public int Days { get; init; } = 30;

    /// <summary>The secret of the token that makes tokens at the source; null leaves the source's secret as it is.</summary>
    public string? SourceAdminSecretArn { get; init; }

    /// <summary>The customer's KMS key of that secret; null for the account's default key.</summary>
    public string? SourceAdminSecretKeyArn { get; init; }

    /// <summary>The secret of the token that makes tokens at the destination; null leaves the destination's secret as it is.</summary>
    public string? DestinationAdminSecretArn { get; init; }

    /// <summary>The customer's KMS key of that secret; null for the account's default key.</summary>
    public string? DestinationAdminSecretKeyArn { get; init; }
}

/// <summary>One entry of <c>environments</c> in <c>cdk.json</c>.</summary>
public sealed partial record EnvironmentSettings
{
    /// <summary>The runtime for the native executable.</summary>
    public const string NativeRuntime = "provided.al2023";

    /// <summary>The managed runtime for the same code as an executable assembly.</summary>
    public const string ManagedRuntime = "dotnet10";

    // An execution takes 14 days at most, and pins the versions of what it staged.
    private const int LeastOldVersionDays = 15;

    /// <summary>The entry's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The account; null for that of the credentials.</summary>
    public string? Account { get; init; }

    /// <summary>The region; null for that of the credentials.</summary>
    public string? Region { get; init; }

    /// <summary>Whether nothing may be lost or left unchecked here: data is retained, stacks are protected, somebody is told.</summary>
    public bool Production { get; init; }

    /// <summary>Whether data outlives its stack.</summary>
    public bool Retain { get; init; }

    /// <summary>The network of the functions; null for Lambda's own, which reaches the internet.</summary>
    public VpcSettings? Vpc { get; init; }

    /// <summary>Where the servers are: all that the functions may connect to.</summary>
    public IReadOnlyList<string> AllowedCidrs { get; init; } = [];

    /// <summary>The servers' ports.</summary>
    public IReadOnlyList<int> AllowedPorts { get; init; } = [8086];

    /// <summary>The servers by name or address, each with a port or for all, over https unless it says http: all that a URL may name. Empty for any.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Invocations at a time of each function that talks to a server; null leaves it to the input alone.</summary>
    public int? ReservedConcurrency { get; init; }

    /// <summary>Megabytes of a function; 1,769 are one processor.</summary>
    public int MemoryMegabytes { get; init; } = 1769;

    /// <summary><see cref="NativeRuntime"/> or <see cref="ManagedRuntime"/>.</summary>
    public string Runtime { get; init; } = NativeRuntime;

    /// <summary>x86_64 or arm64.</summary>
    public string Architecture { get; init; } = "x86_64";

    /// <summary>The customer's KMS key of all log groups; null for CloudWatch's own.</summary>
    public string? LogKeyArn { get; init; }

    /// <summary>Days that logs are kept.</summary>
    public int LogRetentionDays { get; init; } = 30;

    /// <summary>Days that old versions of staged objects are kept.</summary>
    public int OldVersionDays { get; init; } = 30;

    /// <summary>Days that staged chunks are kept, more than the longest execution takes; null for good. Reports and receipts always stay.</summary>
    public int? StagedDataDays { get; init; }

    /// <summary>Who is told when something fails and when a run ends.</summary>
    public string? AlarmEmail { get; init; }

    /// <summary>Whether an input may leave the servers' certificates unchecked.</summary>
    public bool AllowSkipVerify { get; init; }

    /// <summary>Whether servers may be reached over http, where tokens and points travel in the clear.</summary>
    public bool AllowPlainHttp { get; init; }

    /// <summary>An existing secret with the source's token; null to make one.</summary>
    public string? SourceSecretArn { get; init; }

    /// <summary>The customer's KMS key of that secret; null for the account's default key.</summary>
    public string? SourceSecretKeyArn { get; init; }

    /// <summary>An existing secret with the destination's token; null to make one.</summary>
    public string? DestinationSecretArn { get; init; }

    /// <summary>The customer's KMS key of that secret; null for the account's default key.</summary>
    public string? DestinationSecretKeyArn { get; init; }

    /// <summary>The rotation of the tokens; null for none.</summary>
    public RotationSettings? Rotation { get; init; }

    /// <summary>Migrations that start by the clock.</summary>
    public IReadOnlyList<ScheduleSettings> Schedules { get; init; } = [];

    /// <summary>What is wrong with values that are fine by themselves.</summary>
    public IEnumerable<string> Problems()
    {
        if (Production && !Retain)
            yield return "removalPolicy: a production environment retains its data: write \"retain\"";
        if (Production && AllowSkipVerify)
            yield return "allowSkipVerify: a production environment checks the servers' certificates: leave it out";
        if (Production && AlarmEmail is null)
            yield return "alarmEmail: a production environment tells somebody: name an address";
        if (Production && OldVersionDays < LeastOldVersionDays)
            yield return $"oldVersionDays: a production environment keeps what was replaced for longer than an execution takes: at least {LeastOldVersionDays}";
        if (LogKeyArn is { } logKey && Region is not null && logKey.Split(':')[3] != Region)
            yield return $"logKeyArn: the key is in {logKey.Split(':')[3]}, the environment in {Region}";
        foreach (var problem in NetworkProblems())
            yield return problem;
        if (Rotation is { SourceAdminSecretArn: null, DestinationAdminSecretArn: null })
            yield return "rotation: name sourceAdminSecretArn, destinationAdminSecretArn or both: what they don't name is not rotated";
        if (Rotation is not null && TimeSpan.FromDays(Rotation.Days) <= RotationSettings.Grace)
            yield return $"rotation.days: a replaced token stays active for {RotationSettings.Grace.TotalDays:0} days, so rotate after more than that";
        foreach (var (name, arn, key) in new[]
        {
            ("sourceSecret", SourceSecretArn, SourceSecretKeyArn), ("destinationSecret", DestinationSecretArn, DestinationSecretKeyArn),
            ("rotation.sourceAdminSecret", Rotation?.SourceAdminSecretArn, Rotation?.SourceAdminSecretKeyArn),
            ("rotation.destinationAdminSecret", Rotation?.DestinationAdminSecretArn, Rotation?.DestinationAdminSecretKeyArn),
        })
        {
            if (arn is not null && Region is not null && arn.Split(':')[3] != Region)
                yield return $"{name}Arn: the secret is in {arn.Split(':')[3]}, the environment in {Region}: replicate it there";
            if (arn is null && key is not null)
                yield return $"{name}KeyArn: there is no {name}Arn that it could be the key of";
            if (arn is not null && key is not null && key.Split(':')[3] != arn.Split(':')[3])
                yield return $"{name}KeyArn: the key is in {key.Split(':')[3]}, its secret in {arn.Split(':')[3]}";
        }
        var hosts = HostProblems().Any() ? Functions.AllowedHosts.Any : Functions.AllowedHosts.Parse(HostList);
        var rules = new InputRules { AllowSkipVerify = AllowSkipVerify, AllowPlainHttp = AllowPlainHttp, Hosts = hosts };
        foreach (var schedule in Schedules)
        {
            if (schedule.LagAlarm is null)
                yield return $"schedules.{schedule.Name}.lagAlarmMinutes: is missing: '{schedule.Expression}' does not run every day, so say how far behind the destination may be";
            foreach (var problem in MigrationInput.TryParse(JsonSerializer.SerializeToElement(schedule.ExecutionInput()), rules).Problems)
                yield return $"schedules.{schedule.Name}.input: {problem}";
            if (schedule.MaxConcurrency > ReservedConcurrency)
                yield return $"schedules.{schedule.Name}.input: 'maxConcurrency' is {schedule.MaxConcurrency}, and reservedConcurrency {ReservedConcurrency}: ask for no more, or reserve as many";
        }
        foreach (var twice in Schedules.GroupBy(schedule => schedule.Name, StringComparer.Ordinal).Where(group => group.Count() > 1))
            yield return $"schedules: the name '{twice.Key}' stands {twice.Count()} times";
    }
}
