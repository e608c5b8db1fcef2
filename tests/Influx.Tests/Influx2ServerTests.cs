using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using TestServers;

namespace Influx.Tests;

public sealed class Influx2ServerTests
{
    [Fact]
    public async Task Page_of_a_limited_token_is_short_although_readable_buckets_follow()
    {
        await using var server = await Influx2Server.StartAsync();
        for (var i = 0; i < 5; i++)
            await server.AddBucketAsync("org1", $"a{i}");
        var last = await server.AddBucketAsync("org1", "z");
        var token = server.CreateToken("org1", Permission.Read("buckets", last.OrgId, last.Id));

        var first = await JsonAsync(server, token, "/api/v2/buckets?org=org1&limit=3");
        var named = await JsonAsync(server, token, "/api/v2/buckets?org=org1&name=z");

        Assert.Empty(first["buckets"]!.AsArray());
        Assert.Null(first["links"]!["next"]);
        Assert.Equal(last.Id, named["buckets"]![0]!["id"]!.ToString());
    }

    [Fact]
    public async Task Right_on_orgs_must_name_the_org_as_id()
    {
        await using var server = await Influx2Server.StartAsync();
        var byOrgId = server.CreateToken("org1", Permission.Read("orgs", orgId: server.Org.Id));
        var byId = server.CreateToken("org1", Permission.Read("orgs", id: server.Org.Id));

        Assert.Empty((await JsonAsync(server, byOrgId, "/api/v2/orgs"))["orgs"]!.AsArray());
        Assert.Single((await JsonAsync(server, byId, "/api/v2/orgs"))["orgs"]!.AsArray());
    }

    [Fact]
    public async Task Inactive_token_sees_empty_lists_and_a_revoked_one_nothing()
    {
        await using var server = await Influx2Server.StartAsync();
        var token = server.CreateToken("org1", Permission.Read("buckets"));
        server.Deactivate(token);

        Assert.Empty((await JsonAsync(server, token, "/api/v2/buckets"))["buckets"]!.AsArray());
        server.RevokeToken(token);
        Assert.Equal("unauthorized access", (await JsonAsync(server, token, "/api/v2/buckets"))["message"]!.ToString());
    }

    [Fact]
    public async Task Unsigned_values_keep_their_whole_range_and_their_type()
    {
        await using var server = await Influx2Server.StartAsync();
        await WriteAsync(server, "m u=18446744073709551615u,s=\"18446744073709551615\" 1\nm u=7u 2");

        var rows = await QueryAsync(server, "SELECT * FROM m", "&epoch=ns");
        var keys = await QueryAsync(server, "SHOW FIELD KEYS");

        Assert.Contains("[[1,\"18446744073709551615\",18446744073709551615],[2,null,7]]", rows, StringComparison.Ordinal);
        Assert.Contains("[[\"s\",\"string\"],[\"u\",\"unsigned\"]]", keys, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unsigned_value_in_msgpack_ends_where_the_next_one_starts()
    {
        await using var server = await Influx2Server.StartAsync();
        await WriteAsync(server, "m u=300u,v=50i 1");
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Url, "/query?db=bucket1&epoch=ns&chunked=true&q=SELECT%20*%20FROM%20m"));
        request.Headers.TryAddWithoutValidation("Authorization", $"Token {server.OperatorToken}");
        request.Headers.TryAddWithoutValidation("Accept", "application/x-msgpack");

        using var answer = await client.SendAsync(request);
        var text = ReadableAnswer.Of(await answer.Content.ReadAsByteArrayAsync(), "application/x-msgpack");

        Assert.Contains("[[1, uint 012C, 50]]", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("m f=1u 2", "is type unsigned, already exists as type float dropped=1")]
    [InlineData("m u=\"text\" 2", "is type string, already exists as type unsigned dropped=1")]
    [InlineData("m u=1i 2", "is type integer, already exists as type unsigned dropped=1")]
    public async Task Conflict_with_an_unsigned_field_names_both_types(string line, string ending)
    {
        await using var server = await Influx2Server.StartAsync();
        await WriteAsync(server, "m f=1,u=1u 1");

        var (status, text) = await WriteAsync(server, line + "\nother f=1 2");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.EndsWith(ending + "\"}", text, StringComparison.Ordinal);
        Assert.Contains("other", await QueryAsync(server, "SHOW MEASUREMENTS"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gzip_of_several_members_is_written_and_a_truncated_one_is_not()
    {
        await using var server = await Influx2Server.StartAsync();
        byte[] members = [.. Gzip("m f=1 1\n"), .. Gzip("m f=2 2\n")];

        Assert.Equal(HttpStatusCode.NoContent, (await WriteAsync(server, members)).Status);
        Assert.Equal(HttpStatusCode.InternalServerError, (await WriteAsync(server, Gzip("m f=3 3\n")[..^6])).Status);
        Assert.Contains("[[0,2]]", await QueryAsync(server, "SELECT COUNT(f) FROM m", "&epoch=ns"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_above_the_limit_is_413()
    {
        await using var server = await Influx2Server.StartAsync(new Influx2Options { MaxBodyBytes = 10 });

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await WriteAsync(server, "measurement f=1 1")).Status);
    }

    [Fact]
    public async Task Version_2_4_has_no_virtual_mapping_for_select()
    {
        await using var server = await Influx2Server.StartAsync(new Influx2Options { Version = "v2.4.0" });

        Assert.Contains("retention policy not found: autogen", await QueryAsync(server, "SELECT * FROM m"), StringComparison.Ordinal);
        server.AddMapping(server.BucketOf("org1", "bucket1"), "bucket1", "autogen");
        Assert.DoesNotContain("error", await QueryAsync(server, "SELECT * FROM m"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_2_9_hides_tokens_and_names_the_points_beyond_retention()
    {
        await using var server = await Influx2Server.StartAsync(new Influx2Options { Version = "v2.9.1" });
        await server.AddBucketAsync("org1", "bucket2", TimeSpan.FromHours(48));

        var (status, text) = await WriteAsync(server, "r f=1 1000000000000000000", "bucket2");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Contains("dropped 1 points outside retention policy of duration 48h0m0s - oldest point r at 2001-09-09T01:46:40Z dropped", text, StringComparison.Ordinal);
        Assert.Equal("", (await JsonAsync(server, server.OperatorToken, "/api/v2/authorizations"))["authorizations"]![0]!["token"]!.ToString());
    }

    [Fact]
    public async Task Statements_on_several_buckets_are_answered_in_their_order()
    {
        await using var server = await Influx2Server.StartAsync();
        await server.AddBucketAsync("org1", "db/rp");
        await WriteAsync(server, "m f=1 1");
        await WriteAsync(server, "n f=2 2", "db/rp");

        var text = await QueryAsync(server, "SELECT f FROM m; SELECT f FROM \"db\".\"rp\".\"n\"; SHOW SHARDS; SELECT f FROM m", "&epoch=ns");

        Assert.Equal(
            """{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","f"],"values":[[1,1]]}]},{"statement_id":1,"series":[{"name":"n","columns":["time","f"],"values":[[2,2]]}]},{"statement_id":2,"error":"not implemented: SHOW SHARDS"},{"statement_id":3,"error":"not executed"}]}""",
            text.TrimEnd());
    }

    [Fact]
    public async Task Delete_takes_both_ends_of_the_range_and_only_the_series_that_fit()
    {
        await using var server = await Influx2Server.StartAsync();
        await WriteAsync(server, "m,t=a f=1 0\nm,t=a f=2 1000000000\nm,t=a f=3 1000000001\nm,t=b f=4 0\n");
        using var body = new StringContent("""{"start":"1970-01-01T00:00:00Z","stop":"1970-01-01T00:00:01Z","predicate":"_measurement=\"m\" AND t=\"a\""}""");

        var (status, _) = await SendAsync(server, server.OperatorToken, HttpMethod.Post, "/api/v2/delete?org=org1&bucket=bucket1", body);

        Assert.Equal(HttpStatusCode.NoContent, status);
        Assert.Contains("[[0,4],[1000000001,3]]", await QueryAsync(server, "SELECT f FROM m", "&epoch=ns"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bucket_that_is_deleted_is_gone_from_queries_too()
    {
        await using var server = await Influx2Server.StartAsync();
        var bucket = await server.AddBucketAsync("org1", "gone");
        await WriteAsync(server, "m f=1 1", "gone");

        var (status, _) = await SendAsync(server, server.OperatorToken, HttpMethod.Delete, $"/api/v2/buckets/{bucket.Id}");

        Assert.Equal(HttpStatusCode.NoContent, status);
        Assert.Contains("database not found: gone", await QueryAsync(server, "SELECT f FROM gone..m"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await WriteAsync(server, "m f=1 1", "gone")).Status);
    }

    [Theory]
    [InlineData("SELECT f FROM /m.*/")]
    [InlineData("SELECT f FROM \"autogen\".\"m\"")]
    [InlineData("SELECT f FROM \"bucket1\".\"autogen\".\"m\"")]
    [InlineData("SELECT f FROM bucket1..m")]
    [InlineData("SELECT f FROM (SELECT f FROM \"autogen\".\"m\")")]
    [InlineData("SELECT f FROM \"autogen\"./^m$/ WHERE t =~ /a|;/")]
    [InlineData("SHOW FIELD KEYS ON \"bucket1\" FROM \"m\"")]
    [InlineData("SHOW FIELD KEYS FROM \"autogen\"./.*/")]
    [InlineData("SHOW MEASUREMENTS ON bucket1.autogen")]
    [InlineData("SHOW TAG VALUES ON bucket1 FROM m WITH KEY = \"t\"")]
    [InlineData("SHOW SERIES FROM \"bucket1\".\"autogen\".\"m\" -- a comment; with a semicolon")]
    public async Task Sources_are_found_in_every_form(string query)
    {
        await using var server = await Influx2Server.StartAsync();
        await WriteAsync(server, "m,t=a f=1 1");

        var text = await QueryAsync(server, query);

        Assert.DoesNotContain("error", text, StringComparison.Ordinal);
        Assert.Contains("series", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SHOW TAG KEYS", "&db=db&rp=rp", "default retention policy not set for: db")]
    [InlineData("SHOW TAG VALUES WITH KEY = \"own\"", "&db=db&rp=rp", "default retention policy not set for: db")]
    [InlineData("SHOW TAG KEYS", "&db=nowhere", "default retention policy not set for: nowhere")]
    [InlineData("SHOW TAG KEYS", "&db=bucket1&rp=rp", "[[\"foreign\"]]")]
    [InlineData("SHOW MEASUREMENTS", "&db=db&rp=rp", "{\"statement_id\":0}")]
    [InlineData("SHOW MEASUREMENTS ON db.rp", "&db=bucket1", "[[\"m\"]]")]
    [InlineData("SHOW FIELD KEYS", "&db=db&rp=rp", "[[\"f\",\"float\"]]")]
    [InlineData("SHOW SERIES", "&db=db&rp=rp", "[[\"m,own=a\"]]")]
    [InlineData("SELECT f FROM m", "&db=db&rp=rp&epoch=ns", "[[1,1]]")]
    public async Task Statements_that_ignore_the_policy_take_the_default_mapping_or_fail(string query, string where, string contained)
    {
        await using var server = await Influx2Server.StartAsync();
        await server.AddBucketAsync("org1", "db/rp");
        await WriteAsync(server, "m,own=a f=1 1", "db/rp");
        await WriteAsync(server, "n,foreign=b f=1 1");

        var (_, text) = await SendAsync(server, server.OperatorToken, HttpMethod.Get, $"/query?q={Uri.EscapeDataString(query)}{where}");

        Assert.Contains(contained, text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("u=0u", "[[1,0,18446744073709551615]]")]
    [InlineData("u=0i", "[[1,0,-1]]")]
    [InlineData("u=18446744073709551615u", "[[1,18446744073709551615,18446744073709551614]]")]
    public async Task What_is_taken_from_an_unsigned_value_passes_zero_to_the_other_end(string field, string values)
    {
        await using var server = await Influx2Server.StartAsync();
        await WriteAsync(server, $"m {field} 1\nm u=5u 1000000000000000000");

        var text = await QueryAsync(server, "SELECT \"u\", \"u\" - 1 FROM m WHERE time = 1", "&epoch=ns");

        Assert.Contains(values, text, StringComparison.Ordinal);
        Assert.Contains("[[0,2]]", await QueryAsync(server, "SELECT count(\"u\"::float) FROM m", "&epoch=ns"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_are_kept_without_passwords()
    {
        await using var server = await Influx2Server.StartAsync();
        using var client = new HttpClient();

        using var answer = await client.GetAsync(new Uri(server.Url, $"/query?q=SHOW%20DATABASES&u=x&p={server.OperatorToken}"));

        Assert.Equal(new ReceivedRequest("GET", "/query?q=SHOW DATABASES&u=x&p=***", 401), Assert.Single(server.Requests));
    }

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }

    private static Task<(HttpStatusCode Status, string Text)> WriteAsync(Influx2Server server, string lines, string bucket = "bucket1") =>
        SendAsync(server, server.OperatorToken, HttpMethod.Post, $"/api/v2/write?org=org1&bucket={Uri.EscapeDataString(bucket)}", new StringContent(lines));

    private static Task<(HttpStatusCode Status, string Text)> WriteAsync(Influx2Server server, byte[] gzip)
    {
        var content = new ByteArrayContent(gzip);
        content.Headers.ContentEncoding.Add("gzip");
        return SendAsync(server, server.OperatorToken, HttpMethod.Post, "/api/v2/write?org=org1&bucket=bucket1", content);
    }

    private static async Task<string> QueryAsync(Influx2Server server, string query, string more = "") =>
        (await SendAsync(server, server.OperatorToken, HttpMethod.Get, $"/query?db=bucket1&q={Uri.EscapeDataString(query)}{more}")).Text;

    private static async Task<JsonNode> JsonAsync(Influx2Server server, string token, string path) =>
        JsonNode.Parse((await SendAsync(server, token, HttpMethod.Get, path)).Text)!;

    private static async Task<(HttpStatusCode Status, string Text)> SendAsync(Influx2Server server, string token, HttpMethod method, string path, HttpContent? content = null)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(method, new Uri(server.Url, path)) { Content = content };
        request.Headers.TryAddWithoutValidation("Authorization", $"Token {token}");
        using var answer = await client.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
