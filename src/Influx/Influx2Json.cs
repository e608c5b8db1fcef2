using System.Text.Json.Serialization;

namespace Influx;

internal sealed record RetentionRuleDto(string Type, long EverySeconds, long ShardGroupDurationSeconds = 0);

internal sealed record BucketDto(
    string Id,
    [property: JsonPropertyName("orgID")] string OrgId,
    string Name,
    RetentionRuleDto[] RetentionRules,
    string? Type = null);

internal sealed record BucketsDto(List<BucketDto> Buckets);

internal sealed record NewBucketDto([property: JsonPropertyName("orgID")] string OrgId, string Name, RetentionRuleDto[] RetentionRules);

internal sealed record BucketPatchDto(RetentionRuleDto[] RetentionRules);

internal sealed record OrgDto(string Id, string Name);

internal sealed record OrgsDto(List<OrgDto> Orgs);

internal sealed record DbrpDto(
    string Database,
    [property: JsonPropertyName("retention_policy")] string RetentionPolicy,
    [property: JsonPropertyName("bucketID")] string BucketId,
    bool Virtual = false);

internal sealed record DbrpsDto(List<DbrpDto> Content);

internal sealed record AuthorizationDto(string Id, string Token, [property: JsonPropertyName("orgID")] string OrgId, string Description = "")
{
    public override string ToString() => Id;
}

internal sealed record AuthorizationsDto(List<AuthorizationDto> Authorizations);

internal sealed record UserDto(string Id);

internal sealed record UsersDto(List<UserDto> Users);

/// <summary>What a permission is for; an org needs its id as <c>id</c>, a bucket has both (docs/influxdb.md).</summary>
internal sealed record ResourceDto(
    string Type,
    [property: JsonPropertyName("orgID")] string? OrgId = null,
    string? Id = null);

internal sealed record PermissionDto(string Action, ResourceDto Resource);

internal sealed record NewAuthorizationDto(
    [property: JsonPropertyName("orgID")] string OrgId, string Description, PermissionDto[] Permissions);

/// <summary>The bodies of the 2.x API that are read and sent; unknown properties are passed over.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BucketsDto))]
[JsonSerializable(typeof(BucketDto))]
[JsonSerializable(typeof(NewBucketDto))]
[JsonSerializable(typeof(BucketPatchDto))]
[JsonSerializable(typeof(OrgsDto))]
[JsonSerializable(typeof(DbrpsDto))]
[JsonSerializable(typeof(AuthorizationDto))]
[JsonSerializable(typeof(AuthorizationsDto))]
[JsonSerializable(typeof(UsersDto))]
[JsonSerializable(typeof(NewAuthorizationDto))]
[JsonSerializable(typeof(NewDatabaseDto))]
internal sealed partial class Influx2Json : JsonSerializerContext;
