// Rows of the table that no client can provoke at will; the others are tested where they happen (rest-api.md section
// 11).
#include "api/error_table.hpp"

#include <gtest/gtest.h>

namespace kanal::api {
namespace {

TEST(ErrorTable, MapsCodes) {
  struct Row {
    std::string code;
    Disposition disposition;
    int status;
    std::string exception;
    bool retry_after;
  };
  const std::string own = "no.difi.meldingsutveksling.exceptions.";
  const std::vector<Row> rows = {
      {"sbd.type_unknown", Disposition::reject, 400, own + "UnknownMessageTypeException", false},
      {"submit.unknown_type", Disposition::reject, 400, own + "UnknownMessageTypeException", false},
      {"xml.too_large", Disposition::reject, 400, own + "UnmarshalArkivmeldingException", false},
      {"arkivmelding.no_journalpost", Disposition::reject, 400, own + "UnmarshalArkivmeldingException", false},
      {"arkivmelding.schema", Disposition::reject, 400, own + "UnmarshalArkivmeldingException", false},
      {"token.refused", Disposition::retry, 503, own + "ServiceRegistryUnavailableException", true},
      {"spool.full", Disposition::retry, 503, own + "MessagePersistException", true},
      {"spool.io", Disposition::retry, 500, own + "MessagePersistException", false},
      {"spool.damaged", Disposition::reject, 500, own + "AsicReadException", false},
      {"store.busy", Disposition::retry, 503, "java.lang.RuntimeException", true},
      {"store.sql", Disposition::bug, 500, "java.lang.RuntimeException", false},
      {"sbd", Disposition::reject, 500, "java.lang.RuntimeException", false},
      {"submit.existing", Disposition::reject, 500, "java.lang.RuntimeException", false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.code);
    const auto error = api_error({row.code, "what happened", row.disposition, {}, {}});
    EXPECT_EQ(error.status, row.status);
    EXPECT_EQ(error.exception, row.exception);
    EXPECT_EQ(error.retry_after.has_value(), row.retry_after);
  }
}

TEST(ErrorTable, TellsTheWholeStoryOfAnUnforeseenError) {
  const auto error =
      api_error(failed(Error{"store.sql", "disk I/O error", Disposition::bug, {}, {}}, "reading").value());
  EXPECT_EQ(error.message, "reading: disk I/O error");
}

TEST(ErrorTable, HasAMessageAlways) {
  const auto response = write_error({500, "x"}, "/p", Time{});
  EXPECT_NE(std::get<std::string>(response.body).find("\"message\" : \"No message available\""), std::string::npos);
}

TEST(ErrorTable, WritesMilliseconds) {
  const auto response = write_error({500, "x"}, "/p", Time{std::chrono::microseconds(1'788'249'600'123'456)});
  EXPECT_NE(std::get<std::string>(response.body).find("\"timestamp\" : \"2026-09-01T10:00:00.123+02:00\""),
            std::string::npos);
}

}  // namespace
}  // namespace kanal::api
