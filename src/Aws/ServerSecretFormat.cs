using System.Text.Json.Nodes;

namespace Aws;

/// <summary>The project's own format of a secret: what a server's token is, where it belongs and what it is for.</summary>
public static class ServerSecretFormat
{
    /// <summary>Scheme, host and port.</summary>
    public const string Url = "url";

    /// <summary>The org's name or id.</summary>
    public const string Org = "org";

    /// <summary>The token, or of 1.x user:password.</summary>
    public const string Token = "token";

    /// <summary>The authorities to trust, in PEM.</summary>
    public const string CaCertificate = "caCertificate";

    /// <summary>The authorization's id, by which a rotation finds the token.</summary>
    public const string AuthorizationId = "authorizationId";

    /// <summary>The secret of the admin whose token makes the next one.</summary>
    public const string AdminSecretArn = "adminSecretArn";

    /// <summary>The id of a DB instance of Timestream for InfluxDB; in AWS's formats only.</summary>
    public const string DbIdentifier = "dbIdentifier";

    /// <summary>Which end of a migration.</summary>
    public const string Role = "role";

    /// <summary>The buckets that the token is for, by name.</summary>
    public const string Buckets = "buckets";

    /// <summary>The value of a secret; properties that are null are left out.</summary>
    public static string Write(IEnumerable<KeyValuePair<string, JsonNode?>> properties) =>
        new JsonObject(properties.Where(property => property.Value is not null)).ToJsonString();

    /// <summary>A text of a secret; of a value that is no JSON, all of it is the token.</summary>
    /// <param name="value">The secret's value.</param>
    /// <param name="property">One of the names here.</param>
    /// <returns>Null where there is none.</returns>
    public static string? Read(string? value, string property)
    {
        var text = value?.Trim();
        if (string.IsNullOrEmpty(text) || text[0] != '{')
            return string.IsNullOrEmpty(text) || property != Token ? null : text;
        try
        {
            return JsonNode.Parse(text)?[property] is JsonValue found && found.TryGetValue<string>(out var read) && read.Length > 0 ? read : null;
        }
        catch (System.Text.Json.JsonException)
        {
            // The parser's own words could quote the value.
            return null;
        }
    }
}
