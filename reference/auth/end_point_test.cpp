#include "auth/end_point.hpp"

#include <gtest/gtest.h>

#include "auth/test_support.hpp"

// The certificates were made with `openssl req -x509 -subj /CN=a -<hash>`, the digests with `openssl dgst`.
namespace pgconform::auth {
namespace {

constexpr std::string_view ecdsa_sha1 =
    "MIIBajCCARKgAwIBAgIUI1ulZT6KvZJb9/eT4bfaAZ3w14swCQYHKoZIzj0EATAMMQowCAYDVQQDDAFhMB4XDTI2MTEyMjIxNTExNFoXDTM2MTEx"
    "OTIxNTExNFowDDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOIQiyt4s9GzKcqp+A+RP0kJh32W9TIPusRgdMQ8/s80QezY"
    "N2lcs3SdusXkiorIy6M227qNFh4BDPGSxROnQNGjUzBRMB0GA1UdDgQWBBQaVPZ6V/DB9X7G7/nSoGQq2JLxETAfBgNVHSMEGDAWgBQaVPZ6V/DB"
    "9X7G7/nSoGQq2JLxETAPBgNVHRMBAf8EBTADAQH/MAkGByqGSM49BAEDRwAwRAIgZpZHqBhXrEs28PVdq28eGAXYv4p2bwYcEC7AKXDet0wCIB0A"
    "c7L/PCbe3KKOtvm00KjDT1z/UVCLjUw+ZivkZ2aL";
constexpr std::string_view ecdsa_sha256 =
    "MIIBbTCCAROgAwIBAgIUEbLwM8uARqd2Bd+OdcoJLZRryqwwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYTAeFw0yNjExMjIyMTUxMTRaFw0zNjEx"
    "MTkyMTUxMTRaMAwxCjAIBgNVBAMMAWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQo+nUaQhDUt7ICUxSasAVdJGgblGnRZgbmWEpPl0VjbCII"
    "ZqstKYPfdmi9xkVVEdTmKrdlaSO5v12HFNmuZfRmo1MwUTAdBgNVHQ4EFgQUbbFFEzbVaIwriJaQUdXbmcuxQ94wHwYDVR0jBBgwFoAUbbFFEzbV"
    "aIwriJaQUdXbmcuxQ94wDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAGdmD7wglh+K8QkwasAiBnp2mdLBN1LzM+LU1SMeL0rQIh"
    "ALIPOxXWe3hBT39bDObaQGTVCh2h41pAF6N0fypLmbXE";
constexpr std::string_view ecdsa_sha384 =
    "MIIBbDCCAROgAwIBAgIUEj2KACIwX+uCuK2CZrhfhf+sDa8wCgYIKoZIzj0EAwMwDDEKMAgGA1UEAwwBYTAeFw0yNjExMjIyMTUxMTRaFw0zNjEx"
    "MTkyMTUxMTRaMAwxCjAIBgNVBAMMAWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT9ZI1lGLNNLX3kJEo2f6hjAAbv2uKrG467425GhHa3sxga"
    "feJfW0iP+2rUAEqp07bxgz1RTQpzKY3thVeA07wAo1MwUTAdBgNVHQ4EFgQUbOTN2YoiRHNEVsCjR9TaFZ/IEjgwHwYDVR0jBBgwFoAUbOTN2Yoi"
    "RHNEVsCjR9TaFZ/IEjgwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAwNHADBEAiBCiBx2pv1EmPbgkF/KEdP7aVKohhldANliBh6GS4qTjQIg"
    "DGMJ9yOhkPz3w+3qTHmUYXai1i6RLQRgqmrwNd+GMCc=";
constexpr std::string_view ecdsa_sha512 =
    "MIIBbjCCAROgAwIBAgIUdAj433jQ1X9ZenkE3tqVSgIDdjQwCgYIKoZIzj0EAwQwDDEKMAgGA1UEAwwBYTAeFw0yNjExMjIyMTUxMTRaFw0zNjEx"
    "MTkyMTUxMTRaMAwxCjAIBgNVBAMMAWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT9OhcSPSsNC0R9EIU0Q9fGeuEZLkUBDoGsB+5RC1985MSh"
    "SbLczxGRMKbPKqo5o0ZkU8EU3lVg34pm7kzkbVLto1MwUTAdBgNVHQ4EFgQUBsNVV9x9+fap88DGYtMrQUA2jWswHwYDVR0jBBgwFoAUBsNVV9x9"
    "+fap88DGYtMrQUA2jWswDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDBANJADBGAiEAp/we+d+ClPFhEIk2+PxuDSDan8AJuheGCmey15EmaRoC"
    "IQDsfQUscQprCBKtrFUhTXSEsXh4PCJw1OUgXOui9d8zJQ==";
constexpr std::string_view rsa_md5 =
    "MIIB9DCCAV2gAwIBAgIUIu9Pd7ytjzCYu85Vci/PHjxv6NUwDQYJKoZIhvcNAQEEBQAwDDEKMAgGA1UEAwwBYTAeFw0yNjExMjIyMTUxMTRaFw0z"
    "NjExMTkyMTUxMTRaMAwxCjAIBgNVBAMMAWEwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBAOsn3+6SBdlVGBseuxWp/QVs4a3//UsPp57uo6cw"
    "UnVubNEuefTB0SO1IsDgSAJejwcCdqahA/GjKfe80uCK3zCykFHrLHn9y6XiIFAVLvIKIfR3M1+9b0/FsoFN/GtQqooQ5NBrlLRYkQLcsyd60EBj"
    "9l6+YUDKFpmsbtGhU+iRAgMBAAGjUzBRMB0GA1UdDgQWBBRBufNSFl9XniQmbQMhrjWqWBrOjzAfBgNVHSMEGDAWgBRBufNSFl9XniQmbQMhrjWq"
    "WBrOjzAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBBAUAA4GBAHJjsPDpuw0baQ3CsuGNpHC1n9aCz/H9UDOX/djGuRJWaGByPGSI7Bm/daQD"
    "AmuZ9FwfitVmVSa/nKI89AmKzxwzbH7n/aOeZNsT0upOliVR25GvSKW+m5JfemkvPy6BJZK9iEU+iKKnzFwMJSvii5oa5g7NW2B+swwSuxC0milG";
constexpr std::string_view pss_sha1 =
    "MIIB/jCCAWKgAwIBAgIUYqU4++6uhPVVYscxj7E0X+6n5mIwEgYJKoZIhvcNAQEKMAWiAwIBajAMMQowCAYDVQQDDAFhMB4XDTI2MTEyMjIxNTEx"
    "NFoXDTM2MTExOTIxNTExNFowDDEKMAgGA1UEAwwBYTCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEA0/EA/pekc9ESHVIk98m92lM8NZplq5IB"
    "9ZG2StNjdOzSRowcjmD/h17ah6Qwv2g0RJLlgiVO06WTJmxxf/SOsDvZnWRvgsCqtVahlJEJr6dIDR0/WxwaMwf7i8yin1soG1lL+QHfEMbUxhO5"
    "ydpkLn8Aua9HR0kmnNkgxZfb57UCAwEAAaNTMFEwHQYDVR0OBBYEFPHQOFlzR77TfSwsutpnc4wjYcQNMB8GA1UdIwQYMBaAFPHQOFlzR77TfSws"
    "utpnc4wjYcQNMA8GA1UdEwEB/wQFMAMBAf8wEgYJKoZIhvcNAQEKMAWiAwIBagOBgQDL3B6CUsbJFUeVWT+fSQt+mIeVePELUPAROX/xeJTeNLmo"
    "mB7q4W62o+5IznlsssME5BmIP3CyR/cl+7Z3YKbw8AB9eZHRoC9npXucIQvRo/jYHqiAHBdkiXN+f6lULqvpnQei3C88nGF2k130Eg+kRIPq0O5R"
    "1Izt6yxGCI6XyA==";
constexpr std::string_view pss_sha384 =
    "MIICXDCCAZGgAwIBAgIUFBnYSTrQQmxpBY3Kh4u/VNdQ1CIwQQYJKoZIhvcNAQEKMDSgDzANBglghkgBZQMEAgIFAKEcMBoGCSqGSIb3DQEBCDAN"
    "BglghkgBZQMEAgIFAKIDAgFOMAwxCjAIBgNVBAMMAWEwHhcNMjYxMTIyMjE1MTE0WhcNMzYxMTE5MjE1MTE0WjAMMQowCAYDVQQDDAFhMIGfMA0G"
    "CSqGSIb3DQEBAQUAA4GNADCBiQKBgQDNtcIvijflgr22DScsNc4Dq5pegOpgV3FM/+z0Qw4VViXB34oNNF0KQn9MeZq37xR3aeAtDYzsEIUXl/k3"
    "PF/kBrnkho3KJw5B80ldzQRVTwZRdsqMZFiultmSM1s1HAhbnzIeIY4V+Yz4z3iSQnZWaRFMu7Nga1AjbyIu3d4yGQIDAQABo1MwUTAdBgNVHQ4E"
    "FgQUZqALzQbsMHIo16WKrzidMzXvFZowHwYDVR0jBBgwFoAUZqALzQbsMHIo16WKrzidMzXvFZowDwYDVR0TAQH/BAUwAwEB/zBBBgkqhkiG9w0B"
    "AQowNKAPMA0GCWCGSAFlAwQCAgUAoRwwGgYJKoZIhvcNAQEIMA0GCWCGSAFlAwQCAgUAogMCAU4DgYEAT0/eAtNjszjYZ6P45LI9crr49Yzdoh37"
    "g4e+VdTAulkHC5H7faMk2bP4k9rTnE4S4FhOT/B9ed+FaF+IKYnEmlDHEtlAgu6NVsEiIb5UY4tHgMiZHdgnSiyi+mvztSYJTDR2oSBuaSd2w1UR"
    "AoNk7atRnJ1E8/XzSvmwhNujAOA=";
constexpr std::string_view ed25519 =
    "MIIBLDCB36ADAgECAhR6Bbk7dm59PSaI4i5dB3KcHUBE0jAFBgMrZXAwDDEKMAgGA1UEAwwBYTAeFw0yNjExMjIyMTUxMTRaFw0zNjExMTkyMTUx"
    "MTRaMAwxCjAIBgNVBAMMAWEwKjAFBgMrZXADIQAT7+Cyxrra/HTSo4xTdnOlLihm8sEMv3eh9bVtQuGTw6NTMFEwHQYDVR0OBBYEFALyMgAdrsQn"
    "vReWCGNs3Tme/FBKMB8GA1UdIwQYMBaAFALyMgAdrsQnvReWCGNs3Tme/FBKMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EAhkq580X0wsywC5p0"
    "wGrbNOg3b4q8Fl8kuXTrmBcEbMeayCC/0rXz0/y4zN+GBwZGMe/CNIoCAVe7OIoBViCUAA==";

std::string end_point_hex(std::string_view base64) {
  auto hash = tls_server_end_point(Exact(*base64_decode(base64)));
  return hash ? hex_encode(*hash) : hash.error();
}

TEST(TlsServerEndPoint, HashesWithTheHashOfTheSignature) {
  EXPECT_EQ(end_point_hex(ecdsa_sha256), "92730ca5eff8b0c15ea68b35d836483eaebcd4112038845234be1f4167c0613d");
  EXPECT_EQ(end_point_hex(ecdsa_sha384),
            "7c00457911e8cba0d62ea61a6e6a3e08ad8eb4be429d1dae8e561df6ee4873b7"
            "e0f778be44c22c889544552cf7dd486c");
  EXPECT_EQ(end_point_hex(ecdsa_sha512),
            "d3904b214746be42eaa841ad09ee82d67ccb86fe761ef1e3250757b693a62a8b"
            "9cf1af7c9c300b6112412e766eded704847e83cd53dea87de72d238d787bb820");
}

TEST(TlsServerEndPoint, ReplacesMd5AndSha1BySha256) {
  EXPECT_EQ(end_point_hex(ecdsa_sha1), "0a7d2f6cac02e9af89ca73f6341502030086e3eea4f2266516f786a75701a639");
  EXPECT_EQ(end_point_hex(rsa_md5), "f761fe12c54ccaafe3d5a9bef3c2803d51f1271367e5b66d73793300bea4e318");
  EXPECT_EQ(end_point_hex(pss_sha1), "a103aeeb0267ebc580cabc794e502c9ff7435cce4f3f9adb663048c8c490f416");
}

TEST(TlsServerEndPoint, ReadsTheHashOfAPssSignatureFromItsParameters) {
  EXPECT_EQ(end_point_hex(pss_sha384),
            "d21b23ddaaa8c865ddf9deb3e901cda714a83c2e045fe68fc337909dcad620e5"
            "ebb2b2169a13ee1f2f746ebc45716242");
}

TEST(TlsServerEndPoint, IsUndefinedForEd25519) {
  EXPECT_EQ(end_point_hex(ed25519), "the certificate's signature has no hash that tls-server-end-point could use");
}

TEST(TlsServerEndPoint, RefusesWhatIsNoCertificate) {
  auto der = *base64_decode(ecdsa_sha256);
  EXPECT_FALSE(tls_server_end_point(""));
  EXPECT_FALSE(tls_server_end_point(Exact(der + "x")));
  for (std::size_t size = 0; size < der.size(); ++size) EXPECT_FALSE(tls_server_end_point(Exact(der.substr(0, size))));
}

}  // namespace
}  // namespace pgconform::auth
