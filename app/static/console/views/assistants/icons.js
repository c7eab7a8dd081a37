/** Icons of the assistants, for `addIcons`. */

export const icons = {
  expand: "M8 3H3v5M16 3h5v5M3 16v5h5M21 16v5h-5",
  chat: "M4 5h16v11H11l-5 4v-4H4z",
  history: "M4 12a8 8 0 1 0 3-6L4 8M4 4v4h4M12 8v4l3 2",
  site: "M3 5h18v14H3zM3 9h18M7 13h5",
  assistants:
    "M7 8h10a3 3 0 0 1 3 3v5a3 3 0 0 1 -3 3H7a3 3 0 0 1 -3 -3v-5a3 3 0 0 1 3 -3zM12 8V4M9 13v1"
      + "M15 13v1",
};
