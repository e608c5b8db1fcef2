using System.Text.Json;

namespace Infra;

/// <summary>The environments are wrong; the message lists every problem.</summary>
public sealed class EnvironmentException(IEnumerable<string> problems)
    : Exception($"cdk.json can't be deployed:\n{string.Join('\n', problems.Select(problem => $"  - {problem}"))}");

/// <summary>The list <c>environments</c> of <c>cdk.json</c>.</summary>
public static class EnvironmentList
{
    /// <summary>Reads and checks all entries, also those that are not asked for.</summary>
    /// <exception cref="EnvironmentException">Something is wrong.</exception>
    public static IReadOnlyList<EnvironmentSettings> Read(JsonElement environments)
    {
        if (environments.ValueKind != JsonValueKind.Object || !environments.EnumerateObject().Any())
            throw new EnvironmentException(["context.environments: must be an object with an entry for each environment"]);
        var problems = new List<string>();
        var list = environments.EnumerateObject().Select(entry => Read(entry, problems)).ToList();
        return problems.Count == 0 ? list : throw new EnvironmentException(problems);
    }

    /// <summary>Finds one by its name.</summary>
    /// <exception cref="EnvironmentException">There is none of that name.</exception>
    public static EnvironmentSettings Find(IReadOnlyList<EnvironmentSettings> list, string? name)
    {
        var names = string.Join(", ", list.Select(entry => entry.Name));
        if (string.IsNullOrEmpty(name))
            throw new EnvironmentException([$"no environment is named: add -c env=NAME, where NAME is one of {names}"]);
        return list.FirstOrDefault(entry => entry.Name == name)
            ?? throw new EnvironmentException([$"there is no environment '{name}': -c env=NAME takes one of {names}"]);
    }

    private const string SecretArn = "arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}";
    private const string SecretArnExample = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:name-AbCdEf, whole with its last six characters";
    private const string KeyArn = "arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+";
    private const string KeyArnExample = "arn:aws:kms:eu-west-1:111122223333:key/12345678-90ab-cdef-1234-567890abcdef, of the key and not of an alias";

    private static EnvironmentSettings Read(JsonProperty entry, List<string> problems)
    {
        var path = $"environments.{entry.Name}";
        var settings = new EnvironmentSettings { Name = entry.Name };
        // The name is a part of the stacks' names.
        if (!entry.Name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)) || entry.Name.Length is 0 or > 20)
            problems.Add($"{path}: a name has 1 to 20 small letters and digits");
        if (entry.Value.ValueKind != JsonValueKind.Object)
        {
            problems.Add($"{path}: must be an object");
            return settings;
        }
        var before = problems.Count;
        settings = Read(settings, new EnvironmentReader(path, entry.Value, problems));
        // Values that aren't fine by themselves would only repeat themselves here.
        if (problems.Count == before)
            problems.AddRange(settings.Problems().Select(problem => $"{path}.{problem}"));
        return settings;
    }

    private static EnvironmentSettings Read(EnvironmentSettings defaults, EnvironmentReader reader)
    {
        var settings = defaults with
        {
            Account = reader.Text("account", "[0-9]{12}", "111122223333"),
            Region = reader.Text("region", "[a-z]{2}(-[a-z]+)+-[0-9]", "eu-west-1"),
            Production = reader.Flag("production"),
            Retain = reader.Choice("removalPolicy", "retain", "destroy") != "destroy",
            Vpc = reader.Object("vpc") is { } vpc ? ReadVpc(vpc) : null,
            AllowedCidrs = reader.Texts("allowedCidrs", "[0-9a-f.:]+/[0-9]{1,3}", "10.0.0.0/16"),
            AllowedPorts = reader.Numbers("allowedPorts", 1, 65535) ?? defaults.AllowedPorts,
            // What is wrong with one of them is told by the class that the functions read them with.
            AllowedHosts = reader.Texts("allowedHosts", "[^,]+", "influx.example.com:8086"),
            ReservedConcurrency = reader.Number("reservedConcurrency", 1, 1000),
            MemoryMegabytes = reader.Number("memoryMegabytes", 256, 10240) ?? defaults.MemoryMegabytes,
            Runtime = reader.Choice("runtime", EnvironmentSettings.NativeRuntime, EnvironmentSettings.ManagedRuntime) ?? defaults.Runtime,
            Architecture = reader.Choice("architecture", "x86_64", "arm64") ?? defaults.Architecture,
            LogKeyArn = reader.Text("logKeyArn", KeyArn, KeyArnExample),
            LogRetentionDays = reader.Number("logRetentionDays", 1, 3653) ?? defaults.LogRetentionDays,
            OldVersionDays = reader.Number("oldVersionDays", 1, 3653) ?? defaults.OldVersionDays,
            StagedDataDays = reader.Number("stagedDataDays", 15, 3653),
            AlarmEmail = reader.Text("alarmEmail", "[^@\\s]+@[^@\\s]+", "operators@example.com"),
            AllowSkipVerify = reader.Flag("allowSkipVerify"),
            AllowPlainHttp = reader.Flag("allowPlainHttp"),
            SourceSecretArn = reader.Text("sourceSecretArn", SecretArn, SecretArnExample),
            SourceSecretKeyArn = reader.Text("sourceSecretKeyArn", KeyArn, KeyArnExample),
            DestinationSecretArn = reader.Text("destinationSecretArn", SecretArn, SecretArnExample),
            DestinationSecretKeyArn = reader.Text("destinationSecretKeyArn", KeyArn, KeyArnExample),
            Rotation = reader.Object("rotation") is { } rotation ? ReadRotation(rotation) : null,
            Schedules = [.. reader.Objects("schedules").Select(ReadSchedule)],
        };
        if (!LogRetention.Days.Contains(settings.LogRetentionDays))
            reader.Add("logRetentionDays", $"{settings.LogRetentionDays} is none of {string.Join(", ", LogRetention.Days)}");
        reader.Finish();
        return settings;
    }

    private static VpcSettings ReadVpc(EnvironmentReader reader)
    {
        var settings = new VpcSettings
        {
            Id = Needed(reader, "id", "vpc-[0-9a-f]+", "vpc-0123456789abcdef0"),
            AvailabilityZones = reader.Texts("availabilityZones", "[a-z]{2}(-[a-z]+)+-[0-9][a-z]", "eu-west-1a"),
            Subnets = reader.Texts("subnets", "subnet-[0-9a-f]+", "subnet-0123456789abcdef0"),
            S3PrefixList = Needed(reader, "s3PrefixList", "pl-[0-9a-f]+", "pl-6da54004"),
            RouteTables = reader.Texts("routeTables", "rtb-[0-9a-f]+", "rtb-0123456789abcdef0"),
            InterfaceEndpoints = reader.Texts("interfaceEndpoints", "secretsmanager|states|timestream-influxdb", "secretsmanager, states or timestream-influxdb, which are all that the functions call by themselves"),
            EndpointSecurityGroup = reader.Text("endpointSecurityGroup", "sg-[0-9a-f]+", "sg-0123456789abcdef0"),
        };
        settings = settings with { Nat = [.. reader.Objects("nat").Select(ReadNat)] };
        if (settings.Subnets.Count == 0)
            reader.Add("subnets", "name at least one");
        reader.Finish();
        return settings;
    }

    private static NatSettings ReadNat(EnvironmentReader reader)
    {
        var settings = new NatSettings
        {
            PublicSubnet = Needed(reader, "publicSubnet", "subnet-[0-9a-f]+", "subnet-0123456789abcdef2"),
            RouteTables = reader.Texts("routeTables", "rtb-[0-9a-f]+", "rtb-0123456789abcdef0"),
        };
        if (settings.RouteTables.Count == 0)
            reader.Add("routeTables", "name at least one: those of the functions' subnets");
        reader.Finish();
        return settings;
    }

    private static RotationSettings ReadRotation(EnvironmentReader reader)
    {
        var defaults = new RotationSettings();
        var settings = defaults with
        {
            Days = reader.Number("days", 1, 1000) ?? defaults.Days,
            SourceAdminSecretArn = reader.Text("sourceAdminSecretArn", SecretArn, SecretArnExample),
            SourceAdminSecretKeyArn = reader.Text("sourceAdminSecretKeyArn", KeyArn, KeyArnExample),
            DestinationAdminSecretArn = reader.Text("destinationAdminSecretArn", SecretArn, SecretArnExample),
            DestinationAdminSecretKeyArn = reader.Text("destinationAdminSecretKeyArn", KeyArn, KeyArnExample),
        };
        reader.Finish();
        return settings;
    }

    private static ScheduleSettings ReadSchedule(EnvironmentReader reader)
    {
        var settings = new ScheduleSettings
        {
            Name = Needed(reader, "name", "[a-zA-Z0-9]{1,40}", "nightly"),
            Expression = Needed(reader, "expression", @"rate\([1-9][0-9]* (minute|hour|day)s?\)|cron\([^ )]+( [^ )]+){5}\)", "rate(1 hour) or cron(0 2 * * ? *)"),
            TimeZone = reader.Text("timeZone", "[A-Za-z0-9_+/-]+", "Europe/Berlin") ?? "UTC",
            FlexibleMinutes = reader.Number("flexibleMinutes", 0, 1440) ?? 0,
            LagAlarmMinutes = reader.Number("lagAlarmMinutes", 5, 527040),
        };
        if (reader.Raw("input") is { } input)
            settings = settings with { Input = input };
        else if (!reader.Has("input"))
            reader.Add("input", "is missing: what an operator would paste to start it, as in events/");
        reader.Finish();
        return settings;
    }

    private static string Needed(EnvironmentReader reader, string name, string pattern, string example)
    {
        // A wrong text is noted by the reader, one that isn't there only here.
        if (!reader.Has(name))
            reader.Add(name, $"is missing: write {example}");
        return reader.Text(name, pattern, example) ?? "";
    }
}
