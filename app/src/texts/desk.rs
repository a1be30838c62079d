//! Texts of the desk.

use super::catalogue;

catalogue! {
    /// The ways around.
    Nav {
        label: "Desk",
        phone_label: "Desk, short",
        today: "Today",
        new_booking: "New booking",
        new: "New",
        bookings: "Bookings",
        rooms: "Rooms",
        guests: "Guests",
        staff: "Staff",
        settings: "Hotel settings",
        audit: "Who did what",
        search: "Search",
        search_label: "Find a booking or guest",
        profile: "Profile and sessions",
        billing: "Modules and invoices",
        sign_out: "Sign out",
        user_menu: "Menu of {name}",
        theme: "Colours",
        light: "Light",
        dark: "Dark",
        system: "System",
        rail_size: "Narrow or wide",
    }
}

catalogue! {
    /// The live state.
    LiveTexts {
        live: "Live",
        reconnecting: "Reconnecting since {at} …",
        no_conflicts: "0 conflicts",
        conflict_one: "1 conflict",
        conflicts: "{n} conflicts",
        checked: "checked {at}",
        seconds_ago: "{n} s ago",
        minutes_ago: "{n} min ago",
        checked_at: "All stays were checked at {at}",
    }
}

catalogue! {
    /// A subscription that has lapsed.
    Lapsed {
        text: "The subscription of this hotel has lapsed. Everything is kept and can be read; new bookings and reports wait for a renewal.",
        renew_text: "Renew it, and the desk goes on at once.",
        ask_text: "Please tell an owner or manager of the hotel.",
        renew: "Renew",
    }
}

catalogue! {
    /// Keys.
    Keys {
        title: "Keys",
        commands: "Commands",
        commands_help: "Go to, or find …",
        find_booking: "Find a booking:",
        find_guest: "Find a guest:",
        search: "Search",
        new_booking: "New booking",
        today: "Today",
        rooms: "Rooms",
        guests: "Guests",
        this_list: "This list",
        back: "One step back",
        single: "Keys of one letter or sign",
    }
}

catalogue! {
    /// Today.
    Today {
        title: "Today",
        occupancy: "{taken} of {rooms} rooms taken tonight",
        out_of_order: "{n} out of order",
        late: "Late",
        late_empty: "Nobody is late.",
        arrivals: "Arrivals",
        arrivals_empty: "No more arrivals today.",
        departures: "Departures",
        departures_empty: "No more departures today.",
        in_house: "In house",
        in_house_empty: "Nobody stays the night yet.",
        room: "Room",
        guest: "Guest",
        stay: "Stay",
        party: "Guests",
        balance: "Balance",
        status: "State",
        action: "Action",
        paid: "Paid",
        not_ready: "Not clean yet",
        at_time: "at {time}",
        check_in: "Check in",
        check_out: "Check out",
        give_room: "Give a room",
        give_room_label: "Give {name} a room",
        show_all: "Show all {n}",
        check_in_label: "Check in {name}, room {room}",
        check_out_label: "Check out {name}, room {room}",
        refused: "{name}: this was not done. {why}",
        no_show: "No-show",
        no_show_label: "Record {name}, room {room}, as a no-show",
    }
}

catalogue! {
    /// Availability and new booking.
    NewBooking {
        title: "New booking",
        step_when: "When and for whom",
        step_room: "Which room",
        step_guest: "Which guest",
        arrival: "Arrival",
        departure: "Departure",
        party: "Guests",
        room_type: "Room type",
        any_type: "Any type",
        show_rooms: "Show free rooms",
        free_one: "1 free room",
        free: "{n} free rooms",
        none_free: "No room is free",
        none_free_text: "Try other dates, fewer guests or any type.",
        room: "Room {number}",
        any_of: "Any {type}",
        any_of_help: "Room chosen later",
        left: "{n} left",
        by_room: "A certain room",
        sleeps: "sleeps {n}",
        per_night: "{price} a night",
        occupied_now: "Still occupied",
        not_clean: "Not clean yet",
        returning: "Returning guest",
        find_guest: "Find a guest",
        find_guest_help: "Name, e-mail, telephone or identity number",
        find: "Find",
        no_guest_found: "Nobody found. Fill in the new guest below.",
        choose_guest: "Choose",
        chosen_guest: "Booking for {name}",
        other_guest: "Another guest",
        new_guest: "New guest",
        first_name: "First name",
        last_name: "Last name",
        email: "E-mail",
        phone: "Telephone",
        gov_id: "Passport or identity card",
        details: "Address, time and note",
        arrival_time: "Expected at",
        price: "Other price a night",
        price_help: "Leave empty for the rate.",
        note: "Note for colleagues",
        total: "Total",
        book: "Book {price}",
    }
}

catalogue! {
    /// Bookings.
    Booking {
        list_title: "Bookings",
        list_empty: "No bookings here",
        list_empty_text: "Bookings that match appear here, those that arrive last first.",
        all_states: "All states",
        state: "State",
        reference: "Reference",
        guest: "Guest",
        room: "Room",
        stay: "Stay",
        total: "Total",
        next_page: "Next page",
        title: "Booking {reference}",
        facts: "Facts",
        prices: "Price of each night",
        paid: "Paid",
        balance: "Balance",
        booked: "Booked",
        booked_by: "by {name}",
        checked_in: "Checked in",
        checked_out: "Checked out",
        note: "Note",
        telephone: "Telephone",
        history: "History",
        history_by: "{name}",
        history_machine: "Keyrack",
        change_title: "Change dates or room",
        arrival: "Arrival",
        departure: "Departure",
        party: "Guests",
        arrival_time: "Expected at",
        departure_time: "Leaves at",
        new_room: "Room",
        price: "Other price a night",
        price_help: "Leave empty to keep the prices.",
        change: "Change the booking",
        siblings: "Other rooms of this booking",
        add_room: "Add a room",
        any_of: "No room yet · {type}",
        report: "Download as CSV",
        report_from: "Arrivals from",
        report_to: "until",
        report_download: "Download",
        not_clean: "Room not clean yet",
        note_title: "Change the note",
        note_help: "For colleagues; guests do not see it.",
        feedback_title: "Note how the stay went",
        rating: "Rating",
        feedback: "How it went",
        confirmation_title: "Send a confirmation",
        confirmation_email: "E-mail of the guest",
        confirmation_help: "The guest gets the dates, the prices and how to reach you.",
        confirmation_send: "Send the confirmation",
        card: "Registration card",
    }
}

catalogue! {
    /// The registration card.
    Card {
        title: "Registration card",
        back: "Back to the booking",
        print: "Print",
        guest: "Guest",
        guest_help: "Please check what is printed, and fill in what is missing.",
        name: "Name",
        birth_date: "Date of birth",
        nationality: "Nationality",
        gov_id: "Passport or identity card",
        address: "Street and number",
        city: "Postal code and city",
        country: "Region and country",
        phone: "Telephone",
        email: "E-mail",
        stay: "Stay",
        arrival: "Arrival",
        departure: "Departure",
        length: "Length",
        room: "Room",
        price: "Price",
        price_of_stay: "{total} in all, {paid} paid",
        date: "Date",
        signature: "Signature",
    }
}

catalogue! {
    /// Rooms.
    Rooms {
        title: "Rooms",
        empty: "No rooms yet",
        empty_text: "Rooms appear here as soon as the hotel settings know them.",
        to_settings: "Add rooms",
        free: "Free",
        until: "until {date}",
        arrives: "Arrives: {name}",
        out_of_order: "Out of order",
        until_reason: "until {date}: {reason}",
        to_be_moved: "Guest to be moved",
        mark: "Mark room {number} as",
        clean: "Clean",
        dirty: "Dirty",
        inspected: "Inspected",
        other_floor: "Other rooms",
        summary: "{free} free, {occupied} occupied, {dirty} to clean",
    }
}

catalogue! {
    /// Guests.
    Guests {
        title: "Guests",
        new: "New guest",
        search: "Find a guest",
        search_help: "The beginning of a name or e-mail, a telephone number from either end, or a whole identity number",
        empty: "No guests found",
        empty_text: "Guests appear here with their first booking, or add one now.",
        name: "Name",
        contact: "Contact",
        stays: "Stays",
        last_stay: "Last stay",
        details: "Details",
        first_name: "First name",
        last_name: "Last name",
        email: "E-mail",
        phone: "Telephone",
        gov_id: "Passport or identity card",
        address: "Street and number",
        city: "City",
        state: "State or region",
        zip_code: "Postal code",
        country: "Country",
        note: "Note for colleagues",
        history: "Stays in this hotel",
        no_stays: "No stays in this hotel yet.",
        feedback: "How stays went",
        until: "Stay until {date}",
        create: "Add the guest",
        newer_first: "Newest first",
    }
}

catalogue! {
    /// Staff.
    Staff {
        title: "Staff",
        name: "Name",
        username: "Signs in as",
        role: "Role",
        state: "State",
        active: "Active",
        inactive: "Not active",
        never: "Never signed in",
        last_seen: "Last sign-in {at}",
        add: "Add a colleague",
        full_name: "Full name",
        login: "User name or e-mail",
        login_help: "What the colleague signs in with.",
        email: "E-mail",
        email_help: "Needed for a forgotten password.",
        password: "First password",
        password_help: "At least 8 characters. Ask the colleague to change it.",
        create: "Add the colleague",
        deactivate: "Deactivate",
        activate: "Activate",
        set_role: "Set the role",
        new_password: "New password",
        set_password: "Set the password",
        manage: "Manage {name}",
        you: "you",
        elsewhere: "Add somebody from another of your hotels",
        person: "Who",
        give_role: "Add to this hotel",
        remove_role: "Remove from this hotel",
    }
}

catalogue! {
    /// Hotel settings.
    Settings {
        title: "Hotel settings",
        add_hotel: "Add a hotel",
        add_hotel_text: "Another hotel of your company, of which you are the owner. You change between your hotels at the top of the page.",
        hotel: "The hotel",
        name: "Name",
        address: "Address",
        phone: "Telephone",
        email: "E-mail",
        time_zone: "Time zone",
        terms: "Words on papers",
        types: "Room types",
        type_name: "Name",
        sleeps: "Sleeps",
        rate: "Price a night",
        rooms_count: "Rooms",
        overbooking: "Overbooking",
        overbooking_help: "How many bookings without a room may exceed the rooms there are.",
        add_type: "Add a room type",
        rooms: "Rooms",
        number: "Number",
        floor: "Floor",
        room_type: "Type",
        own_rate: "Own price a night",
        own_rate_help: "Leave empty for the price of its type.",
        add_room: "Add a room",
        no_types: "Add a room type first; rooms are of a type.",
        closures: "Out of order",
        closures_empty: "No room is out of order.",
        close_room: "Take a room out of order",
        from: "First night",
        until: "Back on",
        reason: "Why",
        close: "Take out of order",
        reopen: "Back in order",
        reopen_label: "Room {name} back in order",
        reopen_question: "The room can be sold again. Its dates and reason are not kept.",
        remove_label: "Remove {name}",
        remove_room_question: "The room is gone for good. A room that somebody ever stayed in cannot be removed.",
        remove_type_question: "The type is gone for good. A type that rooms are of cannot be removed.",
        edit: "Change {name}",
    }
}

catalogue! {
    /// Who did what.
    Audit {
        title: "Who did what",
        empty: "Nothing yet",
        empty_text: "What is done in the hotel appears here, newest first.",
        what: "What",
        who: "Who",
        facts: "Facts",
        when: "When",
        older: "Older",
    }
}

catalogue! {
    /// Profile and sessions.
    Profile {
        title: "Profile and sessions",
        you: "You",
        full_name: "Full name",
        email: "E-mail",
        password: "Password",
        old_password: "Present password",
        email_password_help: "Only if you change the e-mail address. The old address is told of it.",
        new_password: "New password",
        change_password: "Change the password",
        change_password_help: "All other browsers are signed out.",
        sessions: "Signed-in browsers",
        this_browser: "This browser",
        last_seen: "Last seen {at}, from {address}",
        end: "Sign out",
        end_label: "Sign out {browser}",
        end_others: "Sign out all others",
        unknown_browser: "Unknown browser",
    }
}
