using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Migration;
using TestServers;

namespace Functions.Tests;

/// <summary>The tests that share one staging bucket's server, as its start takes a while.</summary>
[CollectionDefinition(Name)]
public sealed class DeployedTests : ICollectionFixture<DeployedFixture>
{
    public const string Name = "Deployed";
}

/// <summary>What the deployed shape stands on: an S3 server, and one source with a sample.</summary>
public sealed class DeployedFixture : IAsyncLifetime
{
    public const string Bucket = "staging";

    public S3Server S3 { get; private set; } = null!;

    public AmazonS3Client Client { get; private set; } = null!;

    public InfluxdProcess Source { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var influxd = InfluxdProcess.StartAsync();
        S3 = await S3Server.StartAsync();
        Source = await influxd;
        Client = new AmazonS3Client(
            new BasicAWSCredentials(S3Server.Owner.AccessKey, S3Server.Owner.Secret),
            new AmazonS3Config { ServiceURL = S3.Url.AbsoluteUri, ForcePathStyle = true, AuthenticationRegion = AwsJsonServer.Region });
        await Client.PutBucketAsync(Bucket);
        await Client.PutBucketVersioningAsync(new PutBucketVersioningRequest
        {
            BucketName = Bucket,
            VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Enabled },
        });
        await Influxd.QueryAsync(Source.Url, "CREATE DATABASE d WITH DURATION INF SHARD DURATION 1d NAME \"rp\"");
        await Influxd.WriteAsync(Source.Url, "d", Influxd.Sample(points: 3_000));
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (Source is not null)
            await Source.DisposeAsync();
        if (S3 is not null)
            await S3.DisposeAsync();
    }

    public async Task<string> ReadAsync(string key)
    {
        using var answer = await Client.GetObjectAsync(Bucket, key);
        using var text = new StreamReader(answer.ResponseStream);
        return await text.ReadToEndAsync();
    }

    /// <summary>Changes what an object says, and seals it anew: what someone can do who knows how.</summary>
    /// <param name="prefix">The part of the bucket.</param>
    /// <param name="key">The object's key below it.</param>
    /// <param name="type">What it holds.</param>
    /// <param name="change">Changes it.</param>
    public async Task ChangeAsync<T>(string prefix, string key, JsonTypeInfo<T> type, Func<T, T> change)
    {
        var stored = JsonSeal.Open(key, Encoding.UTF8.GetBytes(await ReadAsync($"{prefix}/{key}")));
        var changed = JsonSeal.Write(key, change(JsonSerializer.Deserialize(stored.Span, type)!), type);
        await Client.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = $"{prefix}/{key}", ContentBody = Encoding.UTF8.GetString(changed.Span) });
    }

    public async Task<IReadOnlyList<string>> KeysAsync(string prefix)
    {
        var page = await Client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket, Prefix = prefix });
        return [.. (page.S3Objects ?? []).Select(found => found.Key)];
    }

    /// <summary>The chunks of a Map's items.</summary>
    public async Task<IReadOnlyList<string>> ItemsAsync(JsonNode? items) =>
        [.. JsonNode.Parse(await ReadAsync(items!["key"]!.GetValue<string>()))!.AsArray().Select(item => item!["chunk"]!.GetValue<string>())];
}
