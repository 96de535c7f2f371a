// Rows of rules_test.cpp: the inbox, lists, capabilities and what HTTP itself asks for (rest-api.md 1 to 3, 6 to 8,
// 11).
#include "api/testing_rules.hpp"

namespace kanal::api::testing {
namespace {

std::function<Reply(RuleStage&)> getting(std::string target) {
  return [target = std::move(target)](RuleStage& stage) { return stage.get(target); };
}

std::function<Reply(RuleStage&)> calling(std::string method, std::string target) {
  return [=](RuleStage& stage) { return stage.call(method, target); };
}

std::string wrong_value(const std::string& name, const std::string& value, const std::string& wanted) {
  return "Parameter '" + name + "' has the value '" + value + "', which is not " + wanted;
}

/// A list with one unreadable filter.
Rule bad_filter(std::string name, std::string section, const std::string& path, const std::string& parameter,
                const std::string& value, const std::string& wanted) {
  const auto text = wrong_value(parameter, value, wanted);
  return {std::move(name),
          std::move(section),
          getting(path + "?" + parameter + "=" + value),
          400,
          exception::not_valid,
          text,
          {{"typeMismatch",
            parameter,
            text,
            {"typeMismatch.query." + parameter, "typeMismatch." + parameter, "typeMismatch"}}}};
}

/// How many of two messages, one out and one in, a list shows.
Rule counted(std::string name, std::string section, std::string target, std::int64_t count) {
  return {std::move(name), std::move(section),
          [=](RuleStage& stage) {
            stage.create(message_1);
            stage.arrive(message_2);
            auto reply = stage.get(target);
            EXPECT_EQ(reply.at("/totalElements"), count);
            return reply;
          },
          200};
}

Rule paged(std::string name, std::string query, std::int64_t number, std::int64_t size) {
  return {std::move(name), "2.1",
          [=](RuleStage& stage) {
            auto reply = stage.get("/api/conversations?" + query);
            EXPECT_EQ(reply.at("/number"), number);
            EXPECT_EQ(reply.at("/size"), size);
            EXPECT_EQ(reply.at("/pageable/offset"), number * size);
            return reply;
          },
          200};
}

Rule unsortable(std::string name, const std::string& path, const std::string& property, const std::string& possible) {
  return {std::move(name),
          "2.1",
          getting(path + "?sort=" + property),
          400,
          exception::mismatch,
          "cannot sort by '" + property + "'; possible are " + possible};
}

Rule method_refused(std::string name, const std::string& method, const std::string& path, const std::string& allowed) {
  return {std::move(name),
          "11",
          [=](RuleStage& stage) {
            auto reply = stage.call(method, path);
            EXPECT_EQ(reply.header("Allow"), allowed);
            return reply;
          },
          405,
          exception::method,
          "Request method '" + method + "' is not supported"};
}

Rule unknown_path(std::string name, const std::string& path) {
  return {
      std::move(name), "11", getting(path), 404, exception::no_resource, "No static resource " + path.substr(1) + "."};
}

const std::string not_there = "Message with messageId = " + message_1 + " was not found";
const std::string not_locked = "Message with messageId = " + message_1 + " was not locked";

}  // namespace

std::vector<Rule> inbox_rules() {
  const std::string pop = "/api/messages/in/pop/" + message_1;
  const std::string one = "/api/messages/in/" + message_1;
  const auto peeked = [](RuleStage& stage, const std::string& type = "arkivmelding",
                         std::optional<std::string> package = "PK") {
    stage.arrive(message_1, type, std::move(package));
    EXPECT_EQ(stage.get("/api/messages/in/peek").status, 200);
  };
  return {
      {"peek_nothing", "6.2", getting("/api/messages/in/peek"), 204},
      {"peek_skips_locked", "6.2",
       [=](RuleStage& stage) {
         peeked(stage);
         return stage.get("/api/messages/in/peek");
       },
       204},
      {"peek_with_two_filters", "12 no. 18",
       [](RuleStage& stage) {
         stage.arrive(message_1);
         return stage.get("/api/messages/in/peek?serviceIdentifier=DPO&senderIdentifier=" + own);
       },
       204},
      {"pop_unknown", "6.3", getting(pop), 404, exception::own("MessageNotFoundException"), not_there},
      {"pop_not_locked", "6.3",
       [=](RuleStage& stage) {
         stage.arrive(message_1);
         return stage.get(pop);
       },
       400, exception::own("MessageNotLockedException"), not_locked},
      {"pop_after_the_lock_ran_out", "6.3",
       [=](RuleStage& stage) {
         peeked(stage);
         stage.clock.advance(std::chrono::minutes(6));
         return stage.get(pop);
       },
       400, exception::own("MessageNotLockedException"), not_locked},
      {"pop_receipt", "6.3",
       [=](RuleStage& stage) {
         peeked(stage, "arkivmelding_kvittering");
         return stage.get(pop);
       },
       204},
      {"pop_without_package", "6.3",
       [=](RuleStage& stage) {
         peeked(stage, "avtalt", std::nullopt);
         return stage.get(pop);
       },
       204},
      {"pop_again", "6.3",
       [=](RuleStage& stage) {
         peeked(stage);
         EXPECT_EQ(stage.get(pop).text, "PK");
         auto reply = stage.get(pop);
         EXPECT_EQ(reply.header("Content-Disposition"), "attachment; filename=asic.zip");
         EXPECT_EQ(reply.header("Content-Type"), "application/vnd.etsi.asic-e+zip");
         return reply;
       },
       200},
      {"pop_in_other_case", "12 no. 33",
       [=](RuleStage& stage) {
         peeked(stage);
         return stage.get("/api/messages/in/pop/0C0B0F0E-6F5D-4A55-9D8F-27F6F9A6A001");
       },
       200},
      {"delete_unknown", "6.4", calling("DELETE", one), 404, exception::own("MessageNotFoundException"), not_there},
      {"delete_not_locked", "6.4",
       [=](RuleStage& stage) {
         stage.arrive(message_1);
         return stage.call("DELETE", one);
       },
       400, exception::own("MessageNotLockedException"), not_locked},
      {"delete_twice", "6.4",
       [=](RuleStage& stage) {
         peeked(stage);
         EXPECT_EQ(stage.call("DELETE", one).status, 200);
         return stage.call("DELETE", one);
       },
       404, exception::own("MessageNotFoundException"), not_there},
  };
}

std::vector<Rule> query_rules() {
  const std::string out = "/api/messages/out";
  const std::string in = "/api/messages/in";
  const std::string conversations = "/api/conversations";
  const std::string statuses = "/api/statuses";
  const std::string service = "a service identifier";
  const std::string of_messages =
      "id, conversationId, messageId, processIdentifier, receiverIdentifier, senderIdentifier, serviceIdentifier, "
      "lastUpdated, lockTimeout";
  return {
      paged("defaults", "", 0, 10),
      paged("page_and_size", "page=3&size=7", 3, 7),
      paged("size_2000", "size=2000", 0, 2000),
      paged("size_2001", "size=2001", 0, 2000),
      paged("size_0", "size=0", 0, 10),
      paged("negative", "page=-1&size=-1", 0, 10),
      paged("garbage", "page=x&size=y", 0, 10),
      paged("not_whole", "page=1.5&size=1e3", 0, 10),
      unsortable("sort_messages_out", out, "sbd", of_messages),
      unsortable("sort_messages_in", in, "nothing", of_messages),
      unsortable("sort_conversations", conversations, "messageStatuses",
                 "id, conversationId, messageId, sender, senderIdentifier, receiver, receiverIdentifier, "
                 "processIdentifier, documentIdentifier, messageReference, messageTitle, lastUpdate, finished, expiry, "
                 "direction, serviceIdentifier, externalSystemReference, pollable"),
      unsortable("sort_statuses", statuses, "rawReceipt", "id, lastUpdate, status, description"),
      counted("out_all", "4.6", out, 1),
      counted("out_sender_with_prefix", "12 no. 27", out + "?senderIdentifier=0192:" + own, 1),
      counted("out_sender_without_prefix", "4.6", out + "?senderIdentifier=" + own, 1),
      counted("out_receiver", "4.6", out + "?receiverIdentifier=" + own, 0),
      counted("out_process", "4.6", out + "?processIdentifier=" + process, 1),
      counted("out_unknown_parameter_is_ignored", "4.6", out + "?process=x", 1),
      counted("out_id_in_capitals", "12 no. 33", out + "?messageId=0C0B0F0E-6F5D-4A55-9D8F-27F6F9A6A001", 1),
      counted("out_last_updated", "4.6", out + "?lastUpdated=2026-09-01T10:00:00%2B02:00", 1),
      counted("out_last_updated_with_fraction", "4.6", out + "?lastUpdated=2026-09-01T08:00:00.001Z", 0),
      bad_filter("out_last_updated_unreadable", "4.6", out, "lastUpdated", "yesterday",
                 "an ISO 8601 date-time with offset"),
      counted("in_all", "6.1", in, 1),
      counted("in_process", "6.1", in + "?process=x", 0),
      counted("in_sender_with_prefix", "12 no. 27", in + "?senderIdentifier=0192:" + other, 1),
      counted("in_two_filters", "6.1", in + "?messageId=" + message_2 + "&receiverIdentifier=" + other, 0),
      counted("conversations_both_directions", "7", conversations, 2),
      counted("conversations_direction", "7", conversations + "?direction=INCOMING", 1),
      counted("conversations_days_are_inclusive", "7",
              conversations + "?lastUpdateFrom=2026-09-01&lastUpdateTo=2026-09-01", 2),
      counted("conversations_queue", "7", conversations + "/queue", 0),
      counted("statuses_all", "8", statuses, 3),
      counted("statuses_of_a_kind", "8", statuses + "?status=OPPRETTET", 2),
      counted("statuses_half_a_period_is_ignored", "8", statuses + "?fromDateTime=2030-01-01T00:00:00Z", 3),
      counted("statuses_period", "8",
              statuses + "?fromDateTime=2026-09-01T10:00:00%2B02:00&toDateTime=2026-09-01T10:00:00%2B02:00", 3),
      counted("statuses_plus_unencoded", "14",
              statuses + "?fromDateTime=2026-09-01T10:00:01+02:00&toDateTime=2026-09-02T10:00:00+02:00", 0),
      counted("statuses_of_an_unknown_message", "8", statuses + "/" + message_3, 0),
      bad_filter("out_service", "4.6", out, "serviceIdentifier", "dpo", service),
      bad_filter("in_service", "6.1", in, "serviceIdentifier", "d-p-o", service),
      bad_filter("peek_service", "6.2", in + "/peek", "serviceIdentifier", "dpo", service),
      bad_filter("conversations_service", "7", conversations, "serviceIdentifier", "dpo", service),
      bad_filter("conversations_pollable", "7", conversations, "pollable", "maybe", "true or false"),
      bad_filter("conversations_finished", "7", conversations, "finished", "1", "true or false"),
      bad_filter("conversations_direction_unknown", "7", conversations, "direction", "outgoing",
                 "OUTGOING or INCOMING"),
      bad_filter("conversations_date", "7", conversations, "lastUpdateFrom", "2026-02-30", "a date (yyyy-MM-dd)"),
      bad_filter("conversations_date_with_time", "7", conversations, "lastUpdateTo", "2026-02-03T00:00",
                 "a date (yyyy-MM-dd)"),
      bad_filter("statuses_id", "8", statuses, "id", "x", "a number"),
      bad_filter("statuses_status", "8", statuses, "status", "sendt", "a status"),
      bad_filter("statuses_from", "8", statuses, "fromDateTime", "yesterday", "an ISO 8601 date-time with offset"),
      {"all_bad_filters_together",
       "11",
       getting(conversations + "?pollable=x&direction=y"),
       400,
       exception::not_valid,
       wrong_value("pollable", "x", "true or false") + ", " + wrong_value("direction", "y", "OUTGOING or INCOMING"),
       {{"typeMismatch", "pollable", wrong_value("pollable", "x", "true or false")},
        {"typeMismatch", "direction", wrong_value("direction", "y", "OUTGOING or INCOMING")}}},
      {"conversation_unknown", "7", getting(conversations + "/1234"), 404,
       exception::own("ConversationNotFoundException"), "Conversation with id = 1,234 was not found"},
      {"conversation_id_is_no_number", "7", getting(conversations + "/x"), 400, exception::mismatch,
       wrong_value("id", "x", "a number")},
      {"conversation_of_an_incoming_message", "7",
       [=](RuleStage& stage) {
         stage.arrive(message_1);
         return stage.get(conversations + "/messageId/" + message_1);
       },
       404, exception::own("MessageNotFoundException"), not_there},
      {"conversation_delete_unknown", "7", calling("DELETE", conversations + "/1"), 200},
      {"conversation_delete_frees_the_id", "7",
       [=](RuleStage& stage) {
         stage.create();
         EXPECT_EQ(stage.call("DELETE", "/api/messages/out/" + message_1).status, 200);
         EXPECT_EQ(stage.call("DELETE", conversations + "/messageId/" + message_1).status, 200);
         return stage.post_json(sbd());
       },
       200},
      {"status_queue_is_empty_unless_configured", "8",
       [=](RuleStage& stage) {
         stage.create();
         return stage.get(statuses + "/peek");
       },
       204},
      {"capabilities_prefix", "12 no. 27",
       [](RuleStage& stage) {
         auto reply = stage.get("/api/capabilities/0192:" + other);
         EXPECT_EQ(stage.directory.asked.at(0).identifier, other);
         return reply;
       },
       200},
      {"capabilities_level", "3", getting("/api/capabilities/" + other + "?securityLevel=high"), 400,
       exception::mismatch, wrong_value("securityLevel", "high", "a number")},
      {"capabilities_unknown_receiver", "3",
       [](RuleStage& stage) {
         stage.directory.error = Error{"directory.not_found", "nobody by that number", Disposition::reject, {}, {}};
         return stage.get("/api/capabilities/" + other);
       },
       404, exception::own("IdentifierNotFoundException"), "nobody by that number"},
  };
}

std::vector<Rule> http_rules() {
  const std::string type_missing = "Content-Type is missing";
  return {
      unknown_path("unknown_path", "/api/nothing"),
      unknown_path("slash_too_many", "/api/conversations/"),
      unknown_path("path_in_other_case", "/API/conversations"),
      {"slash_too_many_allowed", "1",
       [](RuleStage& stage) {
         ApiSettings settings;
         settings.allow_trailing_slash = true;
         stage.serve(std::move(settings));
         return stage.get("/api/conversations/");
       },
       200},
      method_refused("method_of_a_list", "DELETE", "/api/messages/in", "GET"),
      method_refused("method_of_messages_out", "PUT", "/api/messages/out", "GET,POST"),
      method_refused("method_of_one_message", "PATCH", "/api/messages/out/x", "DELETE,GET,POST,PUT"),
      method_refused("method_of_capabilities", "POST", "/api/capabilities/x", "GET"),
      {"create_without_content_type", "4.2", calling("POST", "/api/messages/out"), 415, exception::media_type,
       type_missing},
      {"create_as_text", "4.2",
       [](RuleStage& stage) {
         return stage.call("POST", "/api/messages/out", json::serialize(sbd()), {{"Content-Type", "text/plain"}});
       },
       415, exception::media_type, "Content-Type 'text/plain' is not supported"},
      {"form_as_json", "4.1",
       [](RuleStage& stage) {
         return stage.call("POST", "/api/messages/out/multipart", "{}", {{"Content-Type", "application/json"}});
       },
       415, exception::media_type, "Content-Type 'application/json' is not supported"},
      {"document_over_a_megabyte", "4.2",
       [](RuleStage& stage) {
         return stage.call("POST", "/api/messages/out", std::string(domain::max_sbd_bytes + 1, ' '),
                           {{"Content-Type", "application/json"}});
       },
       413, exception::too_large, "The document is larger than 1 MB"},
      {"form_over_the_limit", "4.1",
       [](RuleStage& stage) {
         ApiSettings settings;
         settings.max_multipart_bytes = 1000;
         stage.serve(std::move(settings));
         return post_form(stage, {sbd_form(), file_form("a", std::string(1000, 'x'))});
       },
       413, exception::too_large, "Maximum upload size exceeded"},
      {"no_login", "1",
       [](RuleStage& stage) {
         ApiSettings settings;
         settings.user.emplace("user", Secret("password"));
         stage.serve(std::move(settings));
         auto reply = stage.get("/api/conversations");
         EXPECT_EQ(reply.header("WWW-Authenticate"), "Basic realm=\"Realm\"");
         return reply;
       },
       401, "", "Unauthorized"},
      {"trace_is_dropped", "11",
       [](RuleStage& stage) {
         auto reply = stage.get("/api/conversations/1?trace=true");
         EXPECT_FALSE(reply.body().as_object().contains("trace"));
         return reply;
       },
       404, exception::own("ConversationNotFoundException"), "Conversation with id = 1 was not found"},
  };
}

}  // namespace kanal::api::testing
