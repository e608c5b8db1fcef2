using Functions.Rotation;
using Influx;
using Migration;
using TestServers;

namespace Functions.Tests;

/// <summary>Rotation of users and passwords of a real 1.x server.</summary>
public sealed class Influx1RotationTests : IAsyncLifetime
{
    private const string AdminUser = "&u=admin&p=admin-fake";

    private InfluxdProcess server = null!;
    private RotationBench bench = null!;
    private Influx1Users asAdmin = null!;

    public async ValueTask InitializeAsync()
    {
        server = await InfluxdProcess.StartAsync(new InfluxdOptions { Auth = true });
        bench = await RotationBench.StartAsync(server.Url);
        await Influxd.QueryAsync(server.Url, "CREATE USER admin WITH PASSWORD 'admin-fake' WITH ALL PRIVILEGES");
        await Influxd.QueryAsync(server.Url, "CREATE DATABASE d; CREATE DATABASE other; CREATE USER mover WITH PASSWORD 'fake:one'; GRANT READ ON d TO mover", AdminUser);
        asAdmin = Users("admin:admin-fake");
        bench.Secrets.Put(RotationBench.Admin, $$"""{"url":"{{bench.Url}}","token":"admin:admin-fake"}""", rotated: false);
        bench.Secrets.Put(RotationBench.Secret, Value("mover:fake:one"));
    }

    public async ValueTask DisposeAsync()
    {
        asAdmin.Dispose();
        await bench.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_rotation_makes_a_user_with_the_same_rights_and_the_one_before_goes_after_the_grace()
    {
        await bench.RotateAsync();

        var token = (string)bench.Secrets.ValueAt(RotationBench.Secret, "AWSCURRENT")!["token"]!;
        using var rotated = Users(token);
        using var before = Users("mover:fake:one");
        var user = token.Split(':')[0];
        Assert.Matches(@"^mover\.AbCdEf-[0-9a-f]{8}$", user);
        Assert.Equal([new UserGrant("d", "READ")], await asAdmin.GrantsAsync(user, CancellationToken.None));
        Assert.Equal((true, false), (await rotated.MayReadAsync("d", CancellationToken.None), await rotated.MayWriteAsync("d", CancellationToken.None)));
        Assert.True(await before.MayReadAsync("d", CancellationToken.None));

        bench.Time.Advance(RotationBench.Grace + TimeSpan.FromDays(1));
        await bench.StepAsync(RotationSteps.Cleanup);
        await bench.RotateAsync();

        Assert.Equal(3, (await asAdmin.ListAsync(CancellationToken.None)).Count);
        Assert.False(await before.MayReadAsync("d", CancellationToken.None));
        Assert.True(await rotated.MayReadAsync("d", CancellationToken.None));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Switching_a_rotation_on_tests_the_user_in_use_and_makes_none(bool copied)
    {
        await bench.SwitchOnAsync(copied);
        bench.Secrets.Put(RotationBench.Secret, Value("mover:fake:wrong"));
        var wrong = await Record.ExceptionAsync(() => bench.SwitchOnAsync(copied));

        Assert.Contains("it can't read the database 'd'", Assert.IsType<NamedException>(wrong).Message, StringComparison.Ordinal);
        Assert.Equal(["admin", "mover"], (await asAdmin.ListAsync(CancellationToken.None)).Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_crash_after_any_call_leaves_one_new_user_once_the_rotation_was_tried_again()
    {
        for (var call = 1; ; call++)
        {
            var secret = $"{RotationBench.Secret[..^6]}{call:000000}";
            bench.Secrets.Put(secret, Value("mover:fake:one"));
            var version = bench.Secrets.BeginRotation(secret);

            bench.Crash.After(call);
            await Record.ExceptionAsync(() => bench.RotateAsync(version, secret));
            var crashed = bench.Crash.Happened;
            bench.Crash.Never();
            await bench.RotateAsync(version, secret);

            var token = (string)bench.Secrets.ValueAt(secret, "AWSCURRENT")!["token"]!;
            var users = (await asAdmin.ListAsync(CancellationToken.None)).Keys.Where(user => user.Contains($".{call:000000}-", StringComparison.Ordinal));
            Assert.Equal(token.Split(':')[0], Assert.Single(users));
            using var rotated = Users(token);
            Assert.True(await rotated.MayReadAsync("d", CancellationToken.None));
            if (!crashed)
                break;
        }
    }

    [Theory]
    [InlineData("GRANT WRITE ON d TO mover", "it may write, but its \"role\" is source")]
    [InlineData("GRANT READ ON other TO mover", "it has rights on the database 'other'")]
    [InlineData("GRANT ALL PRIVILEGES TO mover", "it is an admin's")]
    public async Task A_user_that_may_more_than_its_secret_says_is_not_made_anew(string statement, string told)
    {
        await Influxd.QueryAsync(server.Url, statement, AdminUser);

        var failure = await Assert.ThrowsAsync<NamedException>(bench.RotateAsync);

        Assert.Equal(ErrorNames.ScopeWrong, failure.Name);
        Assert.Contains(told, failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await asAdmin.ListAsync(CancellationToken.None)).Count);
    }

    [Fact]
    public async Task A_user_who_is_no_admin_makes_none_and_the_password_shows_nowhere()
    {
        bench.Secrets.Put(RotationBench.Admin, $$"""{"url":"{{bench.Url}}","token":"mover:fake:one"}""", rotated: false);
        using var mover = Users("mover:fake:one");

        var rotation = await Assert.ThrowsAsync<RejectedException>(bench.RotateAsync);
        var direct = await Assert.ThrowsAsync<RejectedException>(() => mover.CreateAsync("x", new Secret("fake' two"), CancellationToken.None));

        Assert.Equal(ErrorNames.Refused, NamedException.NameOf(rotation));
        Assert.Contains("InfluxQL 'CREATE USER \"x\" WITH PASSWORD ***'", direct.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("two", direct.Message, StringComparison.Ordinal);
    }

    private static string Value(string token) => $$"""{"token":"{{token}}","adminSecretArn":"{{RotationBench.Admin}}","role":"source","buckets":["d/autogen"]}""";

    private Influx1Users Users(string token) =>
        new(new ServerOptions { Url = server.Url, ReadToken = (_, _) => new(new Secret(token)) }, TimeProvider.System);
}
