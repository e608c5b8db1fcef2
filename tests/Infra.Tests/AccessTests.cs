using System.Text.Json.Nodes;
using Functions;
using Migration;

namespace Infra.Tests;

/// <summary>What each role may do, answered by an evaluator of IAM policies that no one here wrote.</summary>
public sealed class AccessTests(SynthesisedStacks stacks)
{
    internal const string Machine = "machine";

    // r: read, w: write, -: neither. The columns are the functions in the order of the flow, then the state machine.
    private const string Keys = """
                                 validate plan export stage import verify report machine
        request.json             rw       r    r      r     r      r      r      -
        lock.json                rw       -    -      -     -      -      -      -
        incremental.json         rw       r    -      -     -      -      r      -
        marks/nightly.json       rw       -    -      -     -      -      rw     -
        plan.json                -        rw   -      r     -      -      r      -
        manifest.json            -        -    -      rw    -      -      r      -
        chunks/c-1.lp.gz         -        -    rw     r     r      r      -      -
        receipts/export/c.json   -        r    rw     r     r      r      r      -
        receipts/import/c.json   -        -    -      r     rw     rw     r      -
        receipts/verify/c.json   -        -    -      r     -      rw     r      -
        rejected/c.jsonl         -        -    rw     -     -      -      r      -
        quarantine/c.jsonl       -        -    -      -     rw     rw     r      -
        destination/000.json     -        rw   -      rw    r      r      rw     -
        items/e/export.json      -        w    -      w     -      -      -      r
        items/e/plan/000001.json -        w    r      w     r      r      -      r
        items/e/manifest/01.json -        w    -      w     r      r      -      r
        items/e/plan.partial.json -       rw   -      w     -      -      -      r
        items/e/stage.partial.json -      w    -      rw    -      -      -      r
        failures/e/c.json        -        -    -      -     -      -      r      w
        map-runs/e/Export/1.json -        -    -      -     -      -      -      rw
        report.json              -        -    -      -     -      -      rw     -
        report.html              -        -    -      -     -      -      rw     -
        other.json               -        -    -      -     -      -      -      -
        """;

    private const string Secrets = """
                     validate plan export stage import verify report machine
        source       -        r    r      -     -      -      -      -
        destination  -        r    -      r     r      r      r      -
        """;

    [Fact]
    public async Task Each_role_reads_and_writes_the_keys_of_its_stage_and_no_others() => await AssertAllAsync(environment =>
        Cells(Keys).SelectMany(cell => new[]
        {
            Ask(environment, cell.Role, "s3:GetObject", Key(environment, cell.Row), cell.Rights.Contains('r', StringComparison.Ordinal)),
            Ask(environment, cell.Role, "s3:PutObject", Key(environment, cell.Row), cell.Rights.Contains('w', StringComparison.Ordinal)),
            Ask(environment, cell.Role, "s3:PutObjectTagging", Key(environment, cell.Row), cell is { Role: HandlerNames.Export, Row: "chunks/c-1.lp.gz" }),
            Ask(environment, cell.Role, "s3:DeleteObject", Key(environment, cell.Row), allowed: false),
            Ask(environment, cell.Role, "s3:DeleteObjectVersion", Key(environment, cell.Row), allowed: false),
            Ask(environment, cell.Role, "s3:PutObjectAcl", Key(environment, cell.Row), allowed: false),
        }));

    [Fact]
    public async Task Each_role_reads_the_secret_of_its_server_and_changes_none() => await AssertAllAsync(environment =>
        Cells(Secrets).SelectMany(cell => new[]
        {
            Ask(environment, cell.Role, "secretsmanager:GetSecretValue", Secret(environment, cell.Row), cell.Rights == "r"),
            Ask(environment, cell.Role, "secretsmanager:GetSecretValue", Secret(environment, cell.Row) + "X", allowed: false),
            Ask(environment, cell.Role, "secretsmanager:PutSecretValue", Secret(environment, cell.Row), allowed: false),
        }));

    [Fact]
    public async Task Only_the_rotation_changes_the_two_secrets_and_reads_the_admins_ones() => await AssertAllAsync(environment =>
    {
        var rotation = environment.Settings.Rotation!;
        string[] own = [Secret(environment, "source"), Secret(environment, "destination")];
        string[] admins = [rotation.SourceAdminSecretArn!, rotation.DestinationAdminSecretArn!];
        string[] changes = ["secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"];
        string[] never = ["secretsmanager:RotateSecret", "secretsmanager:DeleteSecret", "secretsmanager:PutResourcePolicy", "secretsmanager:UpdateSecret", "secretsmanager:CancelRotateSecret"];
        IEnumerable<string> roles = [.. HandlerNames.All, Machine, HandlerNames.Rotate];
        return roles.SelectMany(role => own.SelectMany(secret => changes.Select(action => Ask(environment, role, action, secret, role == HandlerNames.Rotate))))
            .Concat(roles.SelectMany(role => admins.Select(secret => Ask(environment, role, "secretsmanager:GetSecretValue", secret, role == HandlerNames.Rotate))))
            .Concat(own.Select(secret => Ask(environment, HandlerNames.Rotate, "secretsmanager:DescribeSecret", secret, allowed: true)))
            .Concat(own.Select(secret => Ask(environment, HandlerNames.Rotate, "secretsmanager:GetSecretValue", secret, allowed: true)))
            .Concat(own.Concat(admins).SelectMany(secret => never.Select(action => Ask(environment, HandlerNames.Rotate, action, secret, allowed: false))))
            .Concat(admins.SelectMany(secret => changes.Select(action => Ask(environment, HandlerNames.Rotate, action, secret, allowed: false))))
            .Append(Ask(environment, HandlerNames.Rotate, "secretsmanager:GetSecretValue", own[0] + "X", allowed: false));
    });

    [Fact]
    public async Task The_rotation_touches_no_staged_object_and_starts_nothing() => await AssertAllAsync(environment =>
    {
        var key = environment.Arn("AWS::KMS::Key", PinnedIds.Key);
        return
        [
            Ask(environment, HandlerNames.Rotate, "s3:GetObject", Key(environment, "request.json"), allowed: false),
            Ask(environment, HandlerNames.Rotate, "s3:PutObject", Key(environment, "request.json"), allowed: false),
            Ask(environment, HandlerNames.Rotate, "kms:Decrypt", key, allowed: true, Via("secretsmanager")),
            Ask(environment, HandlerNames.Rotate, "kms:GenerateDataKey", key, allowed: true, Via("secretsmanager")),
            Ask(environment, HandlerNames.Rotate, "kms:Decrypt", key, allowed: false, Via("s3")),
            Ask(environment, HandlerNames.Rotate, "timestream-influxdb:GetDbInstance", $"arn:aws:timestream-influxdb:eu-west-1:{DeployedTemplates.Account}:db-instance/db-1", allowed: true),
            Ask(environment, HandlerNames.Rotate, "timestream-influxdb:DeleteDbInstance", $"arn:aws:timestream-influxdb:eu-west-1:{DeployedTemplates.Account}:db-instance/db-1", allowed: false),
            Ask(environment, HandlerNames.Rotate, "states:StartExecution", environment.Arn("AWS::StepFunctions::StateMachine", "Migration"), allowed: false),
            Ask(environment, HandlerNames.Rotate, "lambda:InvokeFunction", Function(environment, HandlerNames.Import), allowed: false),
            Ask(environment, Machine, "lambda:InvokeFunction", Function(environment, HandlerNames.Rotate), allowed: false),
        ];
    });

    [Fact]
    public async Task No_role_touches_the_bucket_over_plain_http_or_old_TLS() => await AssertAllAsync(environment => HandlerNames.All.Append(Machine).SelectMany(role =>
    {
        var (key, action) = role == Machine ? ("items/e/export.json", "s3:GetObject") : (role == HandlerNames.Report ? "report.json" : "request.json", "s3:GetObject");
        return new[]
        {
            Ask(environment, role, action, Key(environment, key), allowed: true, PolicyQuestion.Tls("1.2")),
            Ask(environment, role, action, Key(environment, key), allowed: true, PolicyQuestion.Tls("1.3")),
            Ask(environment, role, action, Key(environment, key), allowed: false, PolicyQuestion.Tls("1.1")),
            Ask(environment, role, action, Key(environment, key), allowed: false, new() { ["aws:SecureTransport"] = "false" }),
        };
    }));

    [Fact]
    public async Task Nobody_reaches_beyond_the_migrations_of_the_bucket() => await AssertAllAsync(environment => HandlerNames.All.Append(Machine).SelectMany(role =>
    {
        var bucket = environment.Arn("AWS::S3::Bucket", PinnedIds.StagingBucket);
        var listed = role != Machine;
        return new[]
        {
            Ask(environment, role, "s3:GetObject", $"{bucket}/request.json", allowed: false),
            Ask(environment, role, "s3:GetObject", $"{bucket}/elsewhere/m/request.json", allowed: false),
            Ask(environment, role, "s3:GetObject", "arn:aws:s3:::another-bucket/migrations/m/request.json", allowed: false),
            Ask(environment, role, "s3:ListBucket", bucket, listed, new() { ["s3:prefix"] = "migrations/m/", ["aws:SecureTransport"] = "true", ["s3:TlsVersion"] = "1.3" }),
            Ask(environment, role, "s3:ListBucket", bucket, role is HandlerNames.Validate or HandlerNames.Report, new() { ["s3:prefix"] = "marks/", ["aws:SecureTransport"] = "true", ["s3:TlsVersion"] = "1.3" }),
            Ask(environment, role, "s3:GetObject", $"{bucket}/marks/nightly.txt", allowed: false),
            Ask(environment, role, "s3:ListBucket", bucket, allowed: false, new() { ["s3:prefix"] = "elsewhere/", ["aws:SecureTransport"] = "true", ["s3:TlsVersion"] = "1.3" }),
            Ask(environment, role, "s3:ListBucketMultipartUploads", bucket, listed, PolicyQuestion.Tls("1.3")),
            Ask(environment, role, "s3:PutBucketPolicy", bucket, allowed: false, PolicyQuestion.Tls("1.3")),
            Ask(environment, role, "s3:PutBucketVersioning", bucket, allowed: false, PolicyQuestion.Tls("1.3")),
        };
    }));

    [Fact]
    public async Task The_key_serves_S3_to_all_and_secrets_to_those_that_read_them() => await AssertAllAsync(environment => HandlerNames.All.Append(Machine).SelectMany(role =>
    {
        var key = environment.Arn("AWS::KMS::Key", PinnedIds.Key);
        var hasSecret = role is not HandlerNames.Validate and not Machine;
        return new[]
        {
            Ask(environment, role, "kms:Decrypt", key, allowed: true, Via("s3")),
            Ask(environment, role, "kms:GenerateDataKey", key, allowed: true, Via("s3")),
            Ask(environment, role, "kms:Decrypt", key, hasSecret, Via("secretsmanager")),
            Ask(environment, role, "kms:Decrypt", key, allowed: false, []),
            Ask(environment, role, "kms:ScheduleKeyDeletion", key, allowed: false, []),
        };
    }));

    [Fact]
    public async Task The_customer_s_key_of_a_secret_serves_those_that_read_the_secret_and_through_Secrets_Manager_only() => await AssertAllAsync(
        environment =>
        {
            var (source, destination) = (environment.Settings.SourceSecretKeyArn!, environment.Settings.DestinationSecretKeyArn!);
            var admin = environment.Settings.Rotation!.DestinationAdminSecretKeyArn!;
            return HandlerNames.All.Append(Machine).Append(HandlerNames.Rotate).SelectMany(role =>
            {
                var rotates = role == HandlerNames.Rotate;
                var readsSource = role is HandlerNames.Plan or HandlerNames.Export;
                var readsDestination = role is not HandlerNames.Validate and not HandlerNames.Export and not Machine;
                return new[] { (source, readsSource), (destination, readsDestination), (admin, rotates) }.SelectMany(row => new[]
                {
                    Ask(environment, role, "kms:Decrypt", row.Item1, row.Item2, Via("secretsmanager")),
                    Ask(environment, role, "kms:GenerateDataKey", row.Item1, rotates && row.Item1 == destination, Via("secretsmanager")),
                    Ask(environment, role, "kms:Decrypt", row.Item1, allowed: false, Via("s3")),
                    Ask(environment, role, "kms:Decrypt", row.Item1, allowed: false, []),
                    Ask(environment, role, "kms:Decrypt", row.Item1 + "2", allowed: false, Via("secretsmanager")),
                })
                // The key of the stack is none of these secrets'.
                .Append(Ask(environment, role, "kms:Decrypt", environment.Arn("AWS::KMS::Key", PinnedIds.Key), allowed: false, Via("secretsmanager")));
            });
        },
        "managed");

    [Fact]
    public async Task The_state_machine_runs_its_functions_and_its_own_Maps_and_nothing_else() => await AssertAllAsync(environment =>
    {
        var machine = environment.Arn("AWS::StepFunctions::StateMachine", "Migration");
        var execution = machine.Replace(":stateMachine:", ":execution:", StringComparison.Ordinal);
        return HandlerNames.All.SelectMany(handler => new[]
            {
                Ask(environment, Machine, "lambda:InvokeFunction", Function(environment, handler), allowed: true),
                Ask(environment, handler, "lambda:InvokeFunction", Function(environment, HandlerNames.Import), allowed: false),
                Ask(environment, handler, "states:StartExecution", machine, allowed: false),
                Ask(environment, handler, "states:DescribeExecution", $"{execution}:m", handler == HandlerNames.Validate),
                Ask(environment, handler, "states:StopExecution", $"{execution}:m", allowed: false),
            })
            .Append(Ask(environment, Machine, "lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:111122223333:function:another", allowed: false))
            .Append(Ask(environment, Machine, "states:StartExecution", machine, allowed: true))
            .Append(Ask(environment, Machine, "states:StartExecution", machine + "2", allowed: false))
            .Append(Ask(environment, Machine, "states:DescribeExecution", $"{execution}:m", allowed: true))
            .Append(Ask(environment, Machine, "states:StopExecution", $"{execution}:m", allowed: true))
            .Append(Ask(environment, Machine, "states:RedriveExecution", $"{execution}/Export:m", allowed: true))
            .Append(Ask(environment, Machine, "states:RedriveExecution", $"{execution}/Import:m", allowed: true))
            .Append(Ask(environment, Machine, "states:RedriveExecution", $"{execution}/Verify:m", allowed: true))
            .Append(Ask(environment, Machine, "states:DescribeExecution", $"{execution}2:m", allowed: false));
    });

    [Fact]
    public async Task Operators_start_and_watch_and_readers_read_reports() => await AssertAllAsync(environment =>
    {
        var machine = environment.Arn("AWS::StepFunctions::StateMachine", "Migration");
        var execution = machine.Replace(":stateMachine:", ":execution:", StringComparison.Ordinal);
        var (operate, read) = (environment.ManagedPolicy("OperatorsOperate"), environment.ManagedPolicy("OperatorsReadReports"));
        string Deployed(string part) => $"arn:aws:cloudformation:{machine.Split(':')[3]}:{DeployedTemplates.Account}:stack/influx-migrate-{environment.EnvironmentName}-{part}/1";
        return
        [
            Ask(environment, operate, "states:StartExecution", machine, allowed: true),
            Ask(environment, operate, "states:StopExecution", $"{execution}:m", allowed: true),
            Ask(environment, operate, "states:RedriveExecution", $"{execution}:m", allowed: true),
            Ask(environment, operate, "states:GetExecutionHistory", $"{execution}/Export:m", allowed: true),
            Ask(environment, operate, "states:DescribeMapRun", $"{machine.Replace(":stateMachine:", ":mapRun:", StringComparison.Ordinal)}/Export:m", allowed: true),
            Ask(environment, operate, "cloudformation:DescribeStacks", Deployed("pipeline"), allowed: true),
            Ask(environment, operate, "cloudformation:DescribeStacks", Deployed("another"), allowed: false),
            Ask(environment, read, "cloudformation:DescribeStacks", Deployed("data"), allowed: true),
            Ask(environment, operate, "states:UpdateStateMachine", machine, allowed: false),
            Ask(environment, operate, "s3:GetObject", Key(environment, "report.json"), allowed: false),
            Ask(environment, operate, "secretsmanager:GetSecretValue", Secret(environment, "source"), allowed: false),
            Ask(environment, read, "s3:GetObject", Key(environment, "report.json"), allowed: true),
            Ask(environment, read, "s3:GetObject", Key(environment, "report.html"), allowed: true),
            Ask(environment, read, "s3:GetObject", Key(environment, "chunks/c-1.lp.gz"), allowed: false),
            Ask(environment, read, "states:StartExecution", machine, allowed: false),
        ];
    });

    [Fact]
    public async Task Another_account_reads_nothing() => await AssertAllAsync(environment => new[]
    {
        Ask(environment, [], "s3:GetObject", Key(environment, "request.json"), allowed: false, principal: "arn:aws:iam::999988887777:role/stranger"),
        Ask(environment, [], "s3:ListBucket", environment.Arn("AWS::S3::Bucket", PinnedIds.StagingBucket), allowed: false, principal: "arn:aws:iam::999988887777:role/stranger"),
    });

    private static Dictionary<string, string> Via(string service) => new() { ["kms:ViaService"] = $"{service}.eu-west-1.amazonaws.com" };

    internal static string Key(DeployedTemplates environment, string key) => $"{environment.Arn("AWS::S3::Bucket", PinnedIds.StagingBucket)}/{(IsBesideMigrations(key) ? "" : "migrations/m/")}{key}";

    private static bool IsBesideMigrations(string key) =>
        key.StartsWith(StagingKeys.MapRuns, StringComparison.Ordinal) || key.StartsWith($"{DeployedLayout.Marks}/", StringComparison.Ordinal);

    internal static string Secret(DeployedTemplates environment, string role) =>
        environment.Arn("AWS::SecretsManager::Secret", role == "source" ? PinnedIds.SourceSecret : PinnedIds.DestinationSecret);

    internal static string Function(DeployedTemplates environment, string handler) =>
        environment.Arn("AWS::Lambda::Function", $"Functions{FunctionRights.IdOf(handler)}");

    internal static PolicyQuestion Ask(DeployedTemplates environment, string role, string action, string resource, bool allowed, Dictionary<string, string>? context = null)
    {
        var id = environment.Find("AWS::IAM::Role", role == Machine ? "MigrationRole" : $"Functions{FunctionRights.IdOf(role)}Role");
        return Ask(environment, environment.PoliciesOf(id), action, resource, allowed, context, environment.Arn("AWS::IAM::Role", id), role);
    }

    private static PolicyQuestion Ask(
        DeployedTemplates environment, JsonArray policies, string action, string resource, bool allowed,
        Dictionary<string, string>? context = null, string principal = PolicyQuestion.Person, string? role = null) => new()
        {
            Words = role,
            Principal = principal,
            Action = action,
            Resource = resource,
            Context = context ?? PolicyQuestion.Tls("1.3"),
            IdentityPolicies = policies,
            ResourcePolicy = action.Split(':')[0] switch
            {
                "s3" => environment.BucketPolicy(PinnedIds.StagingBucket),
                "kms" => environment.KeyPolicy(PinnedIds.Key),
                _ => null,
            },
            Allowed = allowed,
        };

    private static IEnumerable<(string Row, string Role, string Rights)> Cells(string table)
    {
        var lines = table.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).ToList();
        Assert.Equal(HandlerNames.All.Append(Machine), lines[0]);
        return lines.Skip(1).SelectMany(cells => lines[0].Select((role, column) => (cells[0], role, cells[column + 1])));
    }

    private async Task AssertAllAsync(Func<DeployedTemplates, IEnumerable<PolicyQuestion>> ask, string name = "prod") =>
        await PolicyQuestion.AssertAllAsync(ask(new DeployedTemplates(stacks.All.Single(environment => environment.Settings.Name == name))));
}
